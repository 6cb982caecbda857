"""Notices that stop collection: what is collected all the same is restricted, told and counted."""

from pipeline.documents import Envelope, enveloped
from pipeline.instants import DAY, Instant, format_instant
from pipeline.ledger.parts import Part
from tests.ledger.looks import LONG, ready
from tests.support.build import event
from tests.support.drive import Drive, ids

STOP_BY = 20_000


def stopping(more: str = "", version: int = 1) -> Envelope:
    """Return a notice that forbids collection from an instant on."""
    first, last = (format_instant(Instant(at)) for at in (5_000, STOP_BY))
    text = f"""
notice: ico-1
version: {version}
authority: GB-ICO
citation: {{law: DPA 2018, article: s.149, url: "https://example.org/149"}}
match: {{residency: [GB]}}
steps:
  - {{id: stop, action: stop_collection, not_before: "{first}", complete_by: "{last}"}}
{more}"""
    return enveloped("notices", text, "counsel")


def goes_on(drive: Drive) -> list[str]:
    return [item.subject for item in drive.findings if item.kind == "COLLECTION_GOES_ON"]


def driven(*collected: int, more: str = "") -> Drive:
    drive = ready(LONG, stopping(more))
    for number, at in enumerate(collected):
        drive.until(at)
        drive.give(Part(events=(event(f"r{number}", at=at),)))
        drive.until(at + 1)
    return drive


def test_what_is_collected_in_time_is_left() -> None:
    drive = driven(1_000, 6_000, STOP_BY - 1)
    drive.until(STOP_BY + 5_000)
    assert (drive.commands, goes_on(drive)) == ([], [])


def test_what_is_collected_after_it_is_restricted_at_once_and_told_once_a_day() -> None:
    drive = driven(STOP_BY, STOP_BY + 1_000, STOP_BY + DAY)
    assert {(one.kind, one.cause, one.record_id) for one in drive.commands} == {
        ("RESTRICT", "notice:ico-1/stop", f"r{number}") for number in range(3)
    }
    assert goes_on(drive) == [
        "notice:ico-1/stop on 1970-01-01",
        "notice:ico-1/stop on 1970-01-02",
    ]


def test_what_a_notice_means_only_if_it_is_older_is_forbidden_all_the_same() -> None:
    before = format_instant(Instant(2_000))
    drive = driven(STOP_BY, more=f"collected_before: {before}\n")
    assert [one.kind for one in drive.commands] == ["RESTRICT"]


def test_people_elsewhere_are_not_meant_and_of_unknown_residency_may_be() -> None:
    drive = ready(LONG, stopping())
    drive.until(STOP_BY)
    for name, residency in (("elsewhere", "FR"), ("unknown", None)):
        drive.give(Part(events=(event(name, at=STOP_BY, residency=residency),)))
    drive.until(STOP_BY + 1)
    assert {one.record_id for one in drive.commands} == {"unknown"}


def test_a_withdrawn_notice_lets_it_go() -> None:
    drive = driven(STOP_BY)
    before = ids(drive.commands)
    drive.give(Part(envelopes=(stopping("state: withdrawn\n", version=2),)))
    drive.until(STOP_BY + 10)
    fresh = [one.kind for one in drive.commands if one.command_id not in before]
    assert fresh == ["RELEASE"]
