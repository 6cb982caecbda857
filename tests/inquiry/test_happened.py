"""What happened to a record, and the story of it in words."""

import msgspec

from pipeline.documents import Envelope
from pipeline.findings import Decision, finding, over
from pipeline.identifiers import CommandId, RecordId
from pipeline.inquiry.explain import explain
from pipeline.inquiry.explanation import Dated, Dossier, Row, Sent
from pipeline.inquiry.telling import in_words
from pipeline.instants import Instant
from pipeline.ledger.due import owed
from pipeline.receipts import Receipt
from pipeline.records import Record, applied
from pipeline.rules import Planner
from pipeline.vocabulary import FindingKind
from tests.inquiry.build import BEGIN, dossier, explained, fresh
from tests.support.build import control, event, hold, planner_of, policy, rule
from tests.test_precedence import limit


def commanded(*documents: Envelope) -> tuple[Record, Planner]:
    planner = planner_of(*documents)
    return owed(fresh(), planner, Instant(11_000), may_delete=True).record, planner


def story() -> Dossier:
    """A record whose deletion was commanded twice and answered twice."""
    documents = (policy(limit("a", 10)),)
    due = owed(fresh(), planner_of(*documents), Instant(11_000), may_delete=True)
    (command,) = due.commands
    again = msgspec.structs.replace(command, attempt=2)
    (decision,) = due.decisions
    receipts = [
        Dated(
            Instant(at),
            Receipt(command.command_id, RecordId("r1"), command.store, status, Instant(7), left),
        )
        for at, status, left in ((12_000, "IN_PROGRESS", None), (14_000, "COMPLETED", 0))
    ]
    return dossier(
        None,
        *documents,
        rows=(Row(Instant(BEGIN), fresh()), Row(Instant(11_000), due.record)),
        decisions=(Dated(Instant(11_003), decision), Dated(Instant(11_010), decision)),
        commands=(
            Sent(Instant(11_001), command),
            Sent(Instant(11_009), command),
            Sent(Instant(13_000), again),
        ),
        receipts=tuple(receipts),
        commands_since={"images": Instant(0)},
    )


def test_what_happened_is_told_once_each_in_order_with_cause_and_citation() -> None:
    said = explain(story(), Instant(20_000))
    assert [(one.at, one.what, one.says) for one in said.timeline] == [
        (1_000, "collected", ""),
        (11_001, "decided", "DELETE"),
        (11_001, "commanded", "DELETE"),
        (12_000, "answered", "IN_PROGRESS"),
        (13_000, "sent again", "DELETE"),
        (14_000, "answered", "COMPLETED"),
    ]
    for one in said.timeline[1:]:
        assert (one.cause, one.citation) == ("policy:acme/a", "UK GDPR art 5(1)(e)")
    assert said.timeline[-1].remaining == 0


def test_what_follows_is_told_after_its_cause_whatever_the_job_took_the_time_for() -> None:
    """A job hears the time a little late: it commands under a notice `before` it was published."""
    asked = story()
    (sent, *others) = asked.commands
    early = Sent(Instant(11_500), msgspec.structs.replace(sent.command, issued_at=Instant(9_000)))
    asked = msgspec.structs.replace(asked, commands=(early, *others[1:]))
    said = explain(asked, Instant(20_000))
    assert [one.at for one in said.timeline if one.what == "commanded"] == [11_500]


def test_what_happened_later_is_left_out_and_counted() -> None:
    said = explain(story(), Instant(12_500))
    assert [one.at for one in said.timeline] == [1_000, 11_001, 11_001, 12_000]
    assert said.later == 2


def test_of_what_was_told_twice_the_first_counts() -> None:
    asked = story()
    (answer, _) = asked.receipts
    item = finding(FindingKind.OVERDUE, "c", "what", "remedy", Instant(1))
    asked = msgspec.structs.replace(
        asked,
        receipts=(answer, Dated(Instant(19_000), answer.value)),
        findings=tuple(Dated(Instant(at), item) for at in (12_500, 19_000)),
    )
    said = explain(asked, Instant(20_000))
    assert [one.at for one in said.timeline if one.what in ("answered", "found")] == [
        12_000,
        12_500,
    ]


def test_that_a_finding_was_resolved_is_told() -> None:
    item = finding(FindingKind.OVERDUE, "c", "what", "remedy", Instant(1))
    done = over(FindingKind.OVERDUE, "c", "store images has answered COMPLETED", Instant(2))
    found = (Dated(Instant(12_500), item), Dated(Instant(13_000), done))
    said = explain(msgspec.structs.replace(story(), findings=found), Instant(20_000))
    told = [(one.what, one.at) for one in said.timeline if one.says == "OVERDUE"]
    assert told == [("found", 12_500), ("resolved", 13_000)]
    text = "\n".join(in_words(said))
    assert "finding OVERDUE resolved by the job: store images has answered COMPLETED" in text


def test_a_command_that_is_on_no_topic_is_withheld_or_on_its_way() -> None:
    record, _ = commanded(policy(limit("a", 10)))
    said = explained(
        record, policy(limit("a", 10)), at=20_000, commands_since={"images": Instant(5)}
    )
    [entry] = [one for one in said.timeline if one.what == "commanded"]
    assert "withheld, or on its way" in entry.note


def test_a_command_older_than_its_topic_is_told_from_the_inventory() -> None:
    record, _ = commanded(policy(limit("a", 10)))
    issued = tuple(
        msgspec.structs.replace(item, outcome="COMPLETED", answered_at=Instant(12_000))
        for item in record.issued
    )
    settled = msgspec.structs.replace(record, issued=issued)
    said = explained(settled, policy(limit("a", 10)), at=20_000)
    told = {one.what: one.note for one in said.timeline}
    assert "not keep it any more" in told["commanded"]
    assert "not kept any more" in told["answered"]


def test_a_receipt_to_a_command_that_is_not_known_is_told() -> None:
    receipt = Receipt(CommandId("c-9"), RecordId("r1"), fresh().stores[0], "FAILED", Instant(2))
    said = explained(fresh(), policy(), receipts=(Dated(Instant(2), receipt),))
    [entry] = [one for one in said.timeline if one.what == "answered"]
    assert "not known" in entry.note


def test_an_observed_rule_is_decided_but_not_commanded() -> None:
    documents = (policy(limit("a", 10, mode="observe"), default="PT90S"),)
    due = owed(fresh(), planner_of(*documents), Instant(11_000), may_delete=True)
    decided = tuple(Dated(Instant(11_000), one) for one in due.decisions)
    said = explained(due.record, *documents, at=20_000, decisions=decided)
    assert [one.says for one in said.timeline if one.what == "decided"] == ["OBSERVED"]
    assert [one for one in said.timeline if one.what == "commanded"] == []
    assert [step.cause for step in said.lives[0].observed] == ["policy:acme/a"]


def test_a_record_that_is_gone_owes_nothing_and_keeps_its_story() -> None:
    gone = applied(fresh(), event(at=2_000, what="deleted"))
    said = explained(gone, policy())
    assert (said.status, said.lives, said.gaps) == ("DELETED", (), ())


# -- in words ------------------------------------------------------------------------------------


def words(*documents: Envelope, at: int = 5_000) -> str:
    return "\n".join(in_words(explained(fresh(), *documents, at=at)))


def test_the_story_is_short_and_says_what_follows_and_why() -> None:
    text = words(policy(limit("a", 10)), hold(records=("r1",)))
    assert len(text.splitlines()) < 40
    for part in (
        "Record r1 at 1970-01-01T00:00:05Z: ACTIVE",
        "about 1 person: RESIDENT of GB (0.95 by declared)",
        "must be gone by 1970-01-01T00:00:11Z",
        "DELETE by 1970-01-01T00:00:11Z under policy:acme/a version 1 (UK GDPR art 5(1)(e))",
        "store images is told at 1970-01-01T00:00:11Z",
        "blocked by hold:h1",
        "decides, but is held back by hold:h1",
        "policies/acme version 1",
    ):
        assert part in text


def test_a_minimum_whose_clock_has_not_started_is_told_as_that() -> None:
    minimum = rule("m", "{residency: [GB]}", clock="purpose_ended") + "    bound: minimum\n"
    text = words(policy(limit("a", 10), minimum))
    assert "kept back by policy:acme/m until its clock has started" in text
    assert "store images is told once that has ended" in text


def test_what_pauses_is_told_beside_the_store() -> None:
    assert "; paused for store:images" in words(policy(), control("pause", "store:images"))


def test_reasons_of_decisions_are_told_once() -> None:
    asked = story()
    (first, _) = (dated.value for dated in asked.decisions)
    other = Decision(**{n: getattr(first, n) for n in Decision.__struct_fields__})
    other = msgspec.structs.replace(other, decision_id="d-2", conclusion="RESTRICT")
    both = tuple(Dated(Instant(11_000), one) for one in (first, other))
    asked = msgspec.structs.replace(asked, decisions=both)
    text = "\n".join(in_words(explain(asked, Instant(20_000))))
    assert text.count("      RESIDENT of GB") == 1
    assert "images answered COMPLETED, 0 remaining to DELETE" in text
