"""One record at one instant: what was in force, what follows, what happened, what is not kept."""

import msgspec
import pytest

from pipeline.documents import Envelope, approval_scope
from pipeline.events import Evidence
from pipeline.findings import Decision
from pipeline.identifiers import CommandId, RecordId
from pipeline.inquiry.explain import explain
from pipeline.inquiry.explanation import Dossier, Published, Row, Sent
from pipeline.inquiry.telling import in_words
from pipeline.instants import MAX_INSTANT, Instant
from pipeline.ledger.due import owed
from pipeline.ledger.parts import Part
from pipeline.receipts import Receipt
from pipeline.records import Record, applied
from pipeline.rules import Planner
from pipeline.wire.plain_json import to_json
from tests.inquiry.build import BEGIN, dossier, explained, fresh, life
from tests.support.build import control, event, hold, notice, planner_of, policy, rule
from tests.support.drive import Drive
from tests.test_precedence import limit, order


def test_the_plan_is_the_planners_own() -> None:
    documents = (policy(limit("a", 10), limit("m", 50, bound="minimum")), hold(records=("r1",)))
    record = fresh()
    planner = planner_of(*documents)
    plan = planner.plan(record)
    said = life(record, *documents)
    assert said.limit_at == plan.limit_at
    assert [(s.kind, s.cause, s.complete_by) for s in said.steps] == [
        (s.kind, s.cause, s.complete_by) for s in plan.steps
    ]
    assert said.reasons == planner.reasons(record)
    assert said.holds == plan.holds


@pytest.mark.parametrize(
    "documents",
    [
        (policy(limit("a", 10)),),
        (policy(limit("a", 10), limit("b", 5)),),
        (policy(limit("a", 10), limit("m", 50, bound="minimum")),),
        (policy(limit("a", 10, law="GB"), limit("m", 50, bound="minimum", law="US")),),
        (policy(limit("a", 90)), order(stop=10, delete=20)),
        (policy(limit("a", 10)), order(stop=10, delete=20)),
        (policy(limit("a", 10), limit("m", 50, bound="minimum")), order(stop=10, delete=20)),
    ],
)
def test_it_foretells_when_and_why_the_ledger_commands(documents: tuple[Envelope, ...]) -> None:
    """What is said before anything is due is what the job does later."""
    record = fresh()
    said = life(record, *documents, at=BEGIN + 1)
    due_at, _, cause = min(
        (told.due_at, step.complete_by, step.cause)
        for step in said.steps
        for told in step.told
        if step.kind == "DELETE" and told.due_at is not None
    )
    drive = Drive()
    drive.give(Part(envelopes=documents, tick=Instant(BEGIN)))
    drive.give(Part(events=(event(at=BEGIN),)))
    drive.until(100_000)
    command = drive.deletions[0]
    assert (command.not_before, command.cause) == (due_at, cause)


def test_documents_count_from_their_publication() -> None:
    record = fresh()
    first, second = policy(limit("a", 10)), policy(limit("a", 99), version=2)
    published = (Published(Instant(1), first), Published(Instant(4_000), second))
    asked = Dossier(
        record_id=RecordId("r1"), rows=(Row(Instant(BEGIN), record),), published=published
    )
    before, after = explain(asked, Instant(3_999)), explain(asked, Instant(4_000))
    assert [one.limit_at for one in before.lives] == [BEGIN + 10_000]
    assert [one.limit_at for one in after.lives] == [BEGIN + 99_000]
    assert [(one.version, one.published_at) for one in before.documents] == [(1, 1)]
    assert [(one.version, one.published_at) for one in after.documents] == [(2, 4_000)]


def test_a_hold_that_was_released_since_was_in_force_then() -> None:
    published = (
        Published(Instant(1), policy(limit("a", 10))),
        Published(Instant(2_000), hold(records=("r1",))),
        Published(Instant(3_000), hold(records=("r1",), version=2, state="released")),
    )
    asked = dossier(fresh(), published=published)
    assert [explain(asked, Instant(at)).lives[0].holds for at in (1_999, 2_000, 2_999, 3_000)] == [
        (),
        ("h1",),
        ("h1",),
        (),
    ]


def test_where_a_second_person_must_approve_nothing_counts_before() -> None:
    text = policy(limit("a", 10))
    scope = approval_scope(text)
    approval = msgspec.structs.replace(control("approve", f"'{scope}'"), author="operator")
    published = (Published(Instant(1), text), Published(Instant(3_000), approval))
    asked = dossier(fresh(), published=published, approvals=("policies",))
    before, after = explain(asked, Instant(2_999)), explain(asked, Instant(3_000))
    assert (before.lives[0].limit_at, before.gaps) == (None, ("NO_POLICY",))
    assert before.waiting == (scope,)
    assert (after.lives[0].limit_at, after.waiting) == (BEGIN + 10_000, ())


def test_the_facts_are_those_of_the_row_of_the_time() -> None:
    first = fresh()
    second = applied(first, event(at=3_000, purpose="dpv:Marketing", what="updated"))
    rows = (Row(Instant(BEGIN), first), Row(Instant(3_000), second))
    asked = dossier(None, policy(), rows=rows)
    before, after = explain(asked, Instant(2_999)), explain(asked, Instant(3_000))
    assert before.purposes == ("dpv:SearchFunctionalities",)
    assert "dpv:Marketing" in after.purposes
    assert (before.facts_at, after.facts_at) == (BEGIN, 3_000)
    assert before.not_kept == after.not_kept == ()


def test_where_the_row_of_the_time_is_not_kept_that_is_said() -> None:
    rows = (Row(Instant(9_000), fresh()),)
    said = explain(dossier(None, policy(), rows=rows, complete=False), Instant(5_000))
    assert said.facts_at == 9_000
    assert "is not kept" in said.not_kept[0]
    assert "1970-01-01T00:00:09Z" in said.not_kept[0]


def test_before_its_first_row_a_record_was_not_known() -> None:
    rows = (Row(Instant(9_000), fresh()),)
    said = explain(dossier(None, policy(), rows=rows, complete=True), Instant(5_000))
    assert (said.status, said.lives) == ("NOT_KNOWN", ())
    assert "not known yet" in said.not_kept[0]


def test_a_record_that_was_never_heard_of_is_said_to_be() -> None:
    said = explained(None, policy())
    assert said.status == "NOT_KNOWN"
    assert "never heard" in said.not_kept[0]


@pytest.mark.parametrize(
    ("record", "documents", "gaps"),
    [
        (fresh(), (policy(limit("a", 10)),), ()),
        (fresh(), (policy(limit("a", 10, match="{residency: [FR]}")),), ("NO_RULE",)),
        (fresh(), (), ("NO_POLICY",)),
        (fresh(purpose=None), (policy(limit("a", 10)),), ("NO_PURPOSE",)),
        (fresh(lawful_basis=None), (policy(limit("a", 10)),), ("NO_LAWFUL_BASIS",)),
        (fresh(stores=()), (policy(limit("a", 10)),), ("NO_STORE",)),
        (
            fresh(residency=None),
            (policy(limit("a", 10)), notice(stop=(1, 2), delete=(1, 2))),
            ("UNKNOWN_RESIDENCY",),
        ),
        (
            applied(None, event(at=MAX_INSTANT - 1)),
            (policy(limit("a", 10)),),
            ("CANNOT_BE_EVALUATED",),
        ),
    ],
)
def test_gaps_have_their_codes(
    record: Record, documents: tuple[Envelope, ...], gaps: tuple[str, ...]
) -> None:
    assert explained(record, *documents).gaps == gaps


def test_tags_carry_the_evidence_by_kind_and_the_method() -> None:
    said = explained(fresh(), policy())
    assert [(t.axis, t.territory, t.band, t.score, t.evidence) for t in said.tags] == [
        ("resident", "GB", "RESIDENT", 950, ("declared",)),
        ("present", "GB", "PRESENT", 950, ("declared",)),
    ]
    assert said.method == "evidence/1"
    assert said.people == 1


def test_whom_it_is_about_is_never_said() -> None:
    record = applied(fresh(), event(at=BEGIN + 1, what="updated"))
    people = tuple(
        msgspec.structs.replace(
            one,
            subject_id="very-secret-person",
            evidence=(Evidence("declared", "GB", Instant(123_456_789)),),
        )
        for one in record.subjects
    )
    record = msgspec.structs.replace(record, subjects=people, natural_key_hash="secret-hash")
    said = explained(record, policy(limit("a", 10)), hold(records=("r1",)))
    text = to_json(said) + "\n".join(in_words(said))
    assert "secret" not in text
    assert "1970-01-02T10:17:36.789Z" not in text
    assert "123456789" not in text


# -- what happened -------------------------------------------------------------------------------


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
        Receipt(command.command_id, RecordId("r1"), command.store, status, Instant(at), left)
        for at, status, left in ((12_000, "IN_PROGRESS", None), (14_000, "COMPLETED", 0))
    ]
    return dossier(
        None,
        *documents,
        rows=(Row(Instant(BEGIN), fresh()), Row(Instant(11_000), due.record)),
        decisions=(decision, decision),
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
        (11_000, "decided", "DELETE"),
        (11_000, "commanded", "DELETE"),
        (12_000, "answered", "IN_PROGRESS"),
        (13_000, "sent again", "DELETE"),
        (14_000, "answered", "COMPLETED"),
    ]
    for one in said.timeline[1:]:
        assert (one.cause, one.citation) == ("policy:acme/a", "UK GDPR art 5(1)(e)")
    assert said.timeline[-1].remaining == 0


def test_what_happened_later_is_left_out_and_counted() -> None:
    said = explain(story(), Instant(12_500))
    assert [one.at for one in said.timeline] == [1_000, 11_000, 11_000, 12_000]
    assert said.later == 2


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
    said = explained(fresh(), policy(), receipts=(receipt,))
    [entry] = [one for one in said.timeline if one.what == "answered"]
    assert "not known" in entry.note


def test_an_observed_rule_is_decided_but_not_commanded() -> None:
    documents = (policy(limit("a", 10, mode="observe"), default="PT90S"),)
    due = owed(fresh(), planner_of(*documents), Instant(11_000), may_delete=True)
    said = explained(due.record, *documents, at=20_000, decisions=due.decisions)
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
    (first, _) = asked.decisions
    other = Decision(**{n: getattr(first, n) for n in Decision.__struct_fields__})
    other = msgspec.structs.replace(other, decision_id="d-2", conclusion="RESTRICT")
    asked = msgspec.structs.replace(asked, decisions=(first, other))
    text = "\n".join(in_words(explain(asked, Instant(20_000))))
    assert text.count("      RESIDENT of GB") == 1
    assert "images answered COMPLETED, 0 remaining to DELETE" in text
