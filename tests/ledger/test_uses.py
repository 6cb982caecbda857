"""A notice may stop some uses of data and leave others (stop using, stop offering)."""

import pytest

from pipeline.documents import Envelope, InvalidDocument, Notice, enveloped, in_words, load
from pipeline.ledger.parts import Part
from tests.ledger.kin import PHOTO, notice
from tests.support.build import hold, policy, rule
from tests.support.drive import Drive

SEARCH = "dpv:SearchFunctionalities"


def stopping(uses: str = f"[{SEARCH}]") -> Envelope:
    """Return a notice whose restriction stops some uses; its deletion is far off."""
    text = notice(delete=80_000).text.replace(
        "action: restrict", f"action: restrict\n    uses: {uses}"
    )
    return enveloped("notices", text, "counsel")


def restrictions(drive: Drive) -> list[tuple[str, tuple[str, ...]]]:
    return [(c.cause, c.uses) for c in drive.commands if c.kind == "RESTRICT"]


def test_the_command_names_the_uses_that_must_stop() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(policy(rule(limit="P900D")), stopping()), events=(PHOTO,)))
    drive.until(6_000)
    assert restrictions(drive) == [("notice:ico-1/stop", (SEARCH,))]


def test_what_stops_some_uses_is_not_enough_where_all_must_stop() -> None:
    drive = Drive()
    documents = (policy(rule(limit="PT10S")), stopping(), hold(records=("photo",)))
    drive.give(Part(envelopes=documents, events=(PHOTO,)))
    drive.until(12_000)
    assert restrictions(drive) == [("notice:ico-1/stop", (SEARCH,)), ("hold:h1", ())]


def test_uses_are_purposes_of_a_restriction() -> None:
    document = load(stopping("[dpv:Marketing]").text).document
    assert isinstance(document, Notice)
    assert document.orders[0].uses == ("dpv:Marketing",)
    assert any("are not to be used for dpv:Marketing" in line for line in in_words(document))
    with pytest.raises(InvalidDocument, match="is no purpose of the vocabulary"):
        load(stopping("[dpv:Fun]").text)
    text = notice().text.replace("action: delete", f"action: delete\n    uses: [{SEARCH}]")
    with pytest.raises(InvalidDocument, match="is not of single uses"):
        load(text)
