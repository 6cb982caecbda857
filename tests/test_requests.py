"""What follows from a person's request, from document to command."""

import msgspec
import pytest

from pipeline.documents import Envelope
from pipeline.events import Event
from pipeline.instants import DAY, Instant
from pipeline.ledger.parts import Part
from tests.support.build import event, hold, notice, policy, request, rule
from tests.support.drive import Drive
from tests.test_precedence import limit

RECEIVED = 2_000
_LETTER = {"RESTRICT": "R", "DELETE": "D", "RELEASE": "L", "CANCEL": "C"}
BASIS = {"consent": "dpv:Consent", "interest": "dpv:LegitimateInterest", "contract": "dpv:Contract"}


def told(*steps: tuple[int, Envelope], events: tuple[Event, ...] = (), until: int = 20) -> str:
    """Return which commands leave at which second, of documents published at seconds."""
    drive = Drive()
    drive.give(Part(envelopes=(policy(limit("a", 100), default="PT200S"),), tick=Instant(1_000)))
    drive.give(Part(events=events or (event(at=1_000),)))
    said: list[str] = []
    for second in range(1, until + 1):
        drive.until(second * 1_000)
        drive.give(Part(envelopes=tuple(one for at, one in steps if at == second)))
        drive.until(second * 1_000 + 1)
        said += [f"{_LETTER[c.kind]}{second}:{c.record_id}" for c in drive.commands[len(said) :]]
        drive.answer_all(at=second * 1_000 + 1)
    return " ".join(said)


def test_an_accepted_erasure_deletes_all_records_of_the_person_in_every_store() -> None:
    mine = [event(name, at=1_000, stores=("images", "index")) for name in ("r1", "r2")]
    shared = [msgspec.structs.replace(one, subjects=mine[0].subjects) for one in mine]
    drive = Drive()
    drive.give(Part(envelopes=(policy(limit("a", 100)),), tick=Instant(1_000)))
    drive.give(Part(events=(*shared, event("other", at=1_000))))
    drive.give(Part(envelopes=(request(),), tick=Instant(3_000)))
    drive.until(3_001)
    found = {(c.record_id, c.store) for c in drive.deletions}
    assert found == {(name, store) for name in ("r1", "r2") for store in ("images", "index")}
    [cause] = {c.cause for c in drive.deletions}
    assert cause == "request:dsr-1/erasure"
    assert {c.citation for c in drive.deletions} == {"UK GDPR art 17(1)"}
    assert {c.complete_by for c in drive.deletions} == {46 * DAY}, "by the deadline, in UTC days"


@pytest.mark.parametrize(
    ("kind", "states", "basis", "expected"),
    [
        # Erasure waits for the decision; what can be undone comes at once.
        ("erasure", {5: "received", 9: "accepted"}, "interest", "D9:r1"),
        ("erasure", {5: "received", 9: "withdrawn"}, "interest", ""),
        ("objection", {5: "received", 9: "accepted"}, "interest", "R5:r1 D9:r1"),
        ("objection", {5: "received", 9: "withdrawn"}, "interest", "R5:r1 L9:r1"),
        ("restriction", {5: "accepted", 9: "withdrawn"}, "contract", "R5:r1 L9:r1"),
        # GDPR art 21(1) reaches interests, art 7(3) and 17(1)(b) consent alone.
        ("objection", {5: "accepted"}, "contract", ""),
        ("objection", {5: "accepted"}, "none", "D5:r1"),
        ("consent_withdrawal", {5: "received", 9: "accepted"}, "consent", "R5:r1 D9:r1"),
        ("consent_withdrawal", {5: "accepted"}, "interest", ""),
        ("consent_withdrawal", {5: "accepted"}, "none", "D5:r1"),
    ],
)
def test_what_follows_from_kind_state_and_lawful_basis(
    kind: str, states: dict[int, str], basis: str, expected: str
) -> None:
    documents = [
        (at, request(kind, state, version=number))
        for number, (at, state) in enumerate(states.items(), start=1)
    ]
    one = event(at=1_000, lawful_basis=BASIS.get(basis))
    assert told(*documents, events=(one,)) == expected


def test_a_refused_request_takes_back_what_it_had_restricted_once_the_person_was_told() -> None:
    """GDPR art 18(3): the person is told before the restriction is lifted."""
    more = "refused: [{code: CompellingGrounds}]"
    whole = request("objection", "refused", version=2, more=more)
    answered = f"{more}\nanswered: 1970-01-01T00:00:09Z"
    heard = request("objection", "refused", version=3, more=answered)
    received = request("objection", "received")
    assert told((5, received), (9, whole)) == "R5:r1"
    assert told((5, received), (9, whole), (12, heard)) == "R5:r1 L12:r1"


def test_what_a_person_asked_to_have_restricted_nobody_deletes() -> None:
    """GDPR art 18(1)(b), (c), (2): it is only stored."""
    restricted = request("restriction")
    assert told((5, restricted), until=110) == "R5:r1"
    other = request("erasure", request_id="dsr-2")
    assert told((5, restricted), (9, other)) == "R5:r1"
    withdrawn = request("restriction", "withdrawn", version=2)
    assert told((5, restricted), (9, withdrawn), until=110) == "R5:r1 L9:r1 D101:r1"
    drive = Drive()
    standing = policy(limit("a", 10), default="PT200S")
    drive.give(Part(envelopes=(standing,), tick=Instant(1_000)))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000)
    drive.give(Part(envelopes=(restricted,)))
    drive.until(12_000)
    assert [c.kind for c in drive.commands] == ["DELETE", "RESTRICT", "CANCEL"]
    held = [item for item in drive.findings if item.kind == "HELD_PAST_LIMIT"]
    assert [item.occasion for item in held] == ["request:dsr-1 version 1"]


ANSWERED = "answered: 1970-01-01T00:00:09Z"


def refusing(what: str) -> str:
    return f"refused: [{{code: LegalClaims{what}}}]"


@pytest.mark.parametrize(
    ("second", "goes"),
    [
        (request("access", version=2, more=ANSWERED), True),
        (request("access", "withdrawn", version=2), True),
        (request("access", "refused", version=2, more=refusing("")), True),
        (request("access", version=2, more=refusing(", records: [r1]")), True),
        (request("access", version=2, more=refusing(", records: [r2]")), False),
        (request("access", "accepted", version=2), False),
    ],
    ids=["answered", "withdrawn", "refused", "refused for it", "refused for others", "accepted"],
)
def test_what_a_person_asked_to_see_is_kept_until_the_answer(second: Envelope, goes: bool) -> None:
    """By itself it restricts nothing; what a notice orders to be deleted is, as under a hold."""
    access = request("access", "received")
    assert told((5, access)) == ""
    ordered = notice(stop=(12_000, 900_000), delete=(13_000, 900_000))
    after = " D15:r1" if goes else ""
    assert told((5, access), (9, ordered), (15, second)) == f"R12:r1{after}"
    unstopped = notice(stop=(800_000, 900_000), delete=(13_000, 900_000))
    assert told((5, access), (9, unstopped), (15, second)) == f"R13:r1{after}"


def test_a_deletion_that_access_holds_up_is_told_of_and_goes_after_the_answer() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(policy(limit("a", 10), default="PT200S"),), tick=Instant(1_000)))
    drive.give(Part(events=(event(at=1_000),)))
    drive.give(Part(envelopes=(request("access"),)))
    drive.until(12_000)
    [held] = [item for item in drive.findings if item.kind == "HELD_PAST_LIMIT"]
    assert held.subject == "policy:acme/a against request:dsr-1"
    assert held.occasion == "request:dsr-1 version 1"
    drive.give(Part(envelopes=(request("access", version=2, more=ANSWERED),)))
    drive.until(12_001)
    assert [(c.kind, c.cause) for c in drive.commands] == [
        ("RESTRICT", "hold:request:dsr-1"),
        ("DELETE", "policy:acme/a"),
    ]


def test_access_takes_back_a_deletion_that_is_not_done_and_keeps_no_erased_data() -> None:
    erased = request("erasure", request_id="dsr-2")
    drive = Drive()
    drive.give(Part(envelopes=(policy(limit("a", 100)), erased), tick=Instant(1_000)))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(3_000)
    drive.give(Part(envelopes=(request("access"),)))
    drive.until(4_000)
    assert [c.kind for c in drive.commands] == ["DELETE", "RESTRICT", "CANCEL"]


def test_access_keeps_what_may_be_part_of_the_answer() -> None:
    """A hold keeps what it may mean, too; what is collected later is no part of the answer."""
    mixed = msgspec.structs.replace(event(at=1_000), categories=("pd:Picture", "pd:Name"))

    def kept(more: str, one: Event = mixed) -> bool:
        return told(
            (5, request("access", more=more)), (9, request(request_id="b")), events=(one,)
        ) != ("D9:r1")

    assert kept("match: {category: [pd:Picture]}")
    assert not kept("match: {category: [pd:FacialPrint]}")
    assert kept("refused: [{code: Archiving, match: {category: [pd:Picture]}}]")
    only = event(at=1_000)
    assert not kept("refused: [{code: Archiving, match: {category: [pd:Picture]}}]", only)
    assert not kept('collected_before: "1970-01-01T00:00:00.5Z"')
    assert kept("collected_before: none")


def test_what_is_meant_only_in_part_is_left() -> None:
    """What is destroyed cannot be brought back: a person must tell apart what must stop."""
    mixed = msgspec.structs.replace(
        event(at=1_000, lawful_basis="dpv:Consent"), categories=("pd:Picture", "pd:Name")
    )
    also = event(at=1_000, event_id="e-2", purpose="dpv:ServiceProvision")
    also = msgspec.structs.replace(also, lawful_basis="dpv:Contract", categories=())
    for asked in (
        request(more="match: {category: [pd:Picture]}"),
        request(more="match: {purpose: [dpv:SearchFunctionalities]}"),
        request("consent_withdrawal"),
        request("objection"),
    ):
        assert told((5, asked), events=(mixed, also)) == "", asked.text


def test_what_is_collected_after_an_open_request_has_as_much_time_from_then_on() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(policy(rule(limit="P1Y"), default="P1Y"),), tick=Instant(1_000)))
    drive.give(Part(envelopes=(request("objection"),)))
    drive.until(100 * DAY)
    drive.give(Part(events=(event(at=100 * DAY),)))
    drive.until(100 * DAY + 1)
    [command] = drive.deletions
    assert command.not_before == 100 * DAY
    assert 145 * DAY < command.complete_by <= 146 * DAY


def test_a_hold_lets_go_what_it_restricted_once_nothing_asks_for_deletion() -> None:
    story = told(
        (3, hold(records=("r1",))), (5, request()), (9, request(state="withdrawn", version=2))
    )
    assert story == "R5:r1 L9:r1"


def test_what_of_a_request_is_refused_is_left() -> None:
    more = "refused: [{code: LegalClaims, records: [r1]}]"
    both = (event("r1", at=1_000), event("r2", at=1_000))
    asked = request(subjects=("s-r1", "s-r2"), more=more)
    assert told((5, asked), events=both) == "D5:r2"
    more = "refused: [{code: Archiving, match: {category: [pd:Picture]}}]"
    assert told((5, request(more=more))) == ""


def test_only_what_matches_is_meant() -> None:
    assert told((5, request(more="match: {purpose: [dpv:Marketing]}"))) == ""
    assert told((5, request(more="match: {purpose: [dpv:SearchFunctionalities]}"))) == "D5:r1"


def test_objecting_to_marketing_needs_no_ground() -> None:
    one = event(at=1_000, purpose="dpv:DirectMarketing", lawful_basis="dpv:Contract")
    assert told((5, request("objection")), events=(one,)) == "D5:r1"


@pytest.mark.parametrize(
    ("more", "expected"),
    [("", "D5:early"), ("collected_before: none", "D5:early D5:late")],
)
def test_what_was_collected_after_the_request_came_is_meant_only_if_it_says_so(
    more: str, expected: str
) -> None:
    events = (event("early", at=1_000), event("late", at=RECEIVED, collected_at=RECEIVED))
    asked = request(subjects=("s-early", "s-late"), more=more)
    assert told((5, asked), events=events) == expected


def test_a_hold_wins_over_a_request_and_restricts_meanwhile() -> None:
    released = hold(records=("r1",), version=2, state="released")
    story = told((3, hold(records=("r1",))), (5, request()), (9, released))
    assert story == "R5:r1 D9:r1"


def test_a_minimum_of_the_same_law_wins_over_a_request_a_foreign_one_does_not() -> None:
    def kept_by(law: str) -> str:
        kept = limit("keep", 11, bound="minimum", law=law)
        later = policy(limit("a", 100), kept, version=2, default="PT200S")
        return told((3, later), (5, request()))

    assert kept_by("GB") == "R5:r1 D12:r1"
    assert kept_by("US") == "D5:r1"


def test_a_notice_and_a_request_do_not_command_twice() -> None:
    ordered = notice(stop=(1_000, 900_000), delete=(1_000, 900_000))
    assert told((5, request()), (9, ordered)) == "D5:r1"


def test_a_request_that_comes_late_is_done_at_once_and_told_of() -> None:
    drive = Drive()
    drive.give(Part(envelopes=(policy(rule(limit="P1Y"), default="P1Y"),), tick=Instant(1_000)))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(60 * DAY)
    drive.give(Part(envelopes=(request(),)))
    drive.until(60 * DAY + 1)
    assert [c.cause for c in drive.deletions] == ["request:dsr-1/erasure"]
    [told_of] = [item for item in drive.findings if item.kind == "DEADLINE_PASSED"]
    assert told_of.subject == "request:dsr-1/erasure version 1"
