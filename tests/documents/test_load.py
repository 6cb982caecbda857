"""Good documents: what is read from them."""

from pathlib import Path

import pytest

from pipeline.documents import (
    Control,
    Hold,
    InvalidDocument,
    Notice,
    NoticeStep,
    kind_of,
    load,
    standing,
)
from pipeline.identifiers import DocumentId
from pipeline.instants import parse_instant
from tests.documents.states import loaded_policy
from tests.documents.texts import EXAMPLES, control, hold, notice, policy, rule

KINDS = {
    "policy.yaml": "policies",
    "notice.yaml": "notices",
    "hold.yaml": "holds",
    "release.yaml": "holds",
    "request.yaml": "requests",
    "pause.yaml": "controls",
    "resume.yaml": "controls",
}


def example(name: str) -> str:
    return (EXAMPLES / name).read_text()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_loads_without_any_problem(path: Path) -> None:
    loaded = load(path.read_text(), path.name)

    assert loaded.problems == ()
    assert loaded.kind == kind_of(path.read_text()) == KINDS[path.name]


def test_the_example_notice_has_the_days_of_the_law() -> None:
    document = load(example("notice.yaml")).document

    assert isinstance(document, Notice)
    assert standing(document, parse_instant("2022-07-01T00:00:00Z")).steps == (
        NoticeStep(
            step_id="stop-using",
            action="restrict",
            not_before=parse_instant("2022-06-16T00:00:00+01:00"),
            complete_by=parse_instant("2022-09-16T00:00:00+01:00"),
            stands=True,
            counted="appeal_period",
        ),
        NoticeStep(
            step_id="stop-obtaining",
            action="stop_collection",
            not_before=parse_instant("2022-06-16T00:00:00+01:00"),
            complete_by=parse_instant("2022-09-16T00:00:00+01:00"),
            stands=True,
            counted="appeal_period",
        ),
        NoticeStep(
            step_id="delete",
            action="delete",
            not_before=parse_instant("2022-06-16T00:00:00+01:00"),
            complete_by=parse_instant("2022-12-16T00:00:00+00:00"),
            stands=True,
            counted="appeal_period",
        ),
        NoticeStep(
            step_id="confirm",
            action="attest",
            not_before=parse_instant("2022-06-16T00:00:00+01:00"),
            complete_by=parse_instant("2022-12-16T00:00:00+00:00"),
            stands=True,
            counted="appeal_period",
        ),
    )
    assert document.citation.text == "DPA 2018 s.149"
    assert document.cause("delete") == "notice:gb-ico-clearview/delete"


def test_a_release_needs_no_selectors_but_an_active_hold_does() -> None:
    released = load(hold("", state="released")).document

    assert isinstance(released, Hold)
    assert (released.state, released.records, released.match) == ("released", (), None)
    with pytest.raises(InvalidDocument, match="names nothing to hold"):
        load(hold(""))


def test_a_control_is_identified_by_its_scope() -> None:
    document = load(control("approve", scope="cause:notice:ico/delete", version=7)).document

    assert document == Control(
        document_id=DocumentId("cause:notice:ico/delete"),
        version=7,
        action="approve",
        scope="cause:notice:ico/delete",
        reason="a reason",
    )


@pytest.mark.parametrize(
    ("action", "scope"),
    [
        ("pause", "all"),
        ("pause", "store:images"),
        ("resume", "rule:acme/faces"),
        ("approve", "cause:policy:acme/default"),
        ("approve", "document:policies/acme@2:0a1b2c3d4e5f"),
        ("approve", "document:notices/ico@10:0a1b2c3d4e5f"),
        ("approve", "document:holds/h-1@1:0a1b2c3d4e5f"),
        ("approve", "simulation:policies/acme@2:0a1b2c3d4e5f/6a7b8c9d0e1f"),
        ("approve", "simulation:notices/ico@10:0a1b2c3d4e5f/6a7b8c9d0e1f"),
        ("withdraw", "simulation:policies/acme@2:0a1b2c3d4e5f/6a7b8c9d0e1f"),
    ],
)
def test_scopes_that_fit_the_action_are_read(action: str, scope: str) -> None:
    assert load(control(action, scope=scope)).kind == "controls"


@pytest.mark.parametrize(
    ("action", "scope"),
    [
        ("pause", "store:"),
        ("pause", "store:a/b"),
        ("pause", "rule:acme"),
        ("pause", "everything"),
        ("approve", "all"),
        ("approve", "rule:acme/faces"),
        ("approve", "cause:acme/faces"),
        ("approve", "cause:policy:acme"),
        ("approve", "document:policies/acme"),
        ("approve", "document:policies/acme@1"),
        ("approve", "document:policies/acme@1:0a1b2c3d4e5"),
        ("approve", "document:policies/acme@1:0A1B2C3D4E5F"),
        ("approve", "document:policies/acme@0:0a1b2c3d4e5f"),
        ("approve", "document:policies/acme@01:0a1b2c3d4e5f"),
        ("approve", "document:policy/acme@1:0a1b2c3d4e5f"),
        ("approve", "document:controls/all@1:0a1b2c3d4e5f"),
        ("approve", "document:policies/a/b@1:0a1b2c3d4e5f"),
        ("pause", "document:policies/acme@1"),
        ("resume", "document:policies/acme@1"),
        ("approve", "simulation:policies/acme@1:0a1b2c3d4e5f"),
        ("approve", "simulation:policies/acme@1:0a1b2c3d4e5f/6a7b8c9d0e1"),
        ("approve", "simulation:policies/acme@1:0a1b2c3d4e5f/6A7B8C9D0E1F"),
        ("approve", "simulation:holds/h-1@1:0a1b2c3d4e5f/6a7b8c9d0e1f"),
        ("approve", "simulation:acme/1/0a1b2c3d4e5f/6a7b8c9d0e1f"),
        ("pause", "simulation:policies/acme@2:0a1b2c3d4e5f/6a7b8c9d0e1f"),
        ("withdraw", "document:policies/acme@2:0a1b2c3d4e5f"),
        ("withdraw", "cause:policy:acme/default"),
        ("withdraw", "all"),
    ],
)
def test_scopes_that_do_not_fit_the_action_are_refused(action: str, scope: str) -> None:
    with pytest.raises(InvalidDocument, match=f"scope of `{action}`"):
        load(control(action, scope=scope))


def test_one_word_stands_for_a_list_of_one() -> None:
    short = loaded_policy(policy(rule(match="{residency: GB, purpose: dpv:Marketing}")))
    long = loaded_policy(policy(rule(match="{residency: [GB], purpose: [dpv:Marketing]}")))

    assert short == long


def test_every_scalar_stays_the_text_that_was_written() -> None:
    text = policy(rule(match="{residency: [NO, UK]}"))
    document = loaded_policy(text.replace("5(1)(e)", "17"))

    assert document.rules[0].match.residency == ("GB", "NO")
    assert document.rules[0].citation.article == "17"


@pytest.mark.parametrize("jurisdiction", ["EU", "EEA", "US-IL", "FR"])
def test_a_jurisdiction_is_a_territory_or_a_group(jurisdiction: str) -> None:
    document = load(notice().replace("5(1)(e)", f"5(1)(e), jurisdiction: {jurisdiction}")).document

    assert isinstance(document, Notice)
    assert document.citation.jurisdiction == jurisdiction


def test_a_jurisdiction_is_never_unknown() -> None:
    with pytest.raises(InvalidDocument, match="jurisdiction"):
        load(notice().replace("5(1)(e)", "5(1)(e), jurisdiction: UNKNOWN"))


@pytest.mark.parametrize(
    ("more", "unknown"),
    [("", "restrict"), ("unknown: restrict\n", "restrict"), ("unknown: leave\n", "leave")],
)
def test_a_notice_says_what_becomes_of_unknown_residency(more: str, unknown: str) -> None:
    document = load(notice(more=more)).document

    assert isinstance(document, Notice)
    assert document.unknown == unknown


def test_a_notice_may_reach_only_what_was_collected_before_a_date() -> None:
    document = load(notice(more="collected_before: 2022-05-18T00:00:00+01:00\n")).document

    assert isinstance(document, Notice)
    assert document.collected_before == parse_instant("2022-05-17T23:00:00Z")


@pytest.mark.parametrize("line", ["collected_before:", "collected_before: ~"])
def test_a_key_with_nothing_after_it_does_not_silently_mean_any(line: str) -> None:
    with pytest.raises(InvalidDocument, match="`collected_before` is empty"):
        load(notice(more=f"{line}\n"))
