"""Which of several deletions that are due is commanded."""

import pytest

from pipeline.documents import Envelope, enveloped
from pipeline.ledger.parts import Part
from tests.ledger.looks import ready
from tests.support.build import control, event, policy_text, rule


@pytest.mark.parametrize("paused", [(), (control("pause", "rule:acme/another"),)])
def test_of_two_rules_that_are_due_the_earlier_end_decides_whatever_else_is_paused(
    paused: tuple[Envelope, ...],
) -> None:
    """The one that ends later is told of first: its clock began long before the store's lead."""
    text = policy_text(
        rule("a", limit="PT30S"), rule("b", clock="purpose_ended", limit="PT3S")
    ).replace("images: {lead: PT0S}", "images: {lead: PT12S}")
    drive = ready(enveloped("policies", text, "counsel"), *paused)
    drive.until(26_000)
    drive.give(
        Part(events=(event(at=1_000), event(event_id="e2", at=25_000, what="purpose_ended")))
    )
    drive.fire(26_000)
    assert [command.cause for command in drive.deletions] == ["policy:acme/b"]
