"""One record at one instant: what was in force, what follows, what happened, what is not kept."""

import msgspec
import pytest

from pipeline.documents import Envelope, approval_scope, named, simulation_scope
from pipeline.events import Evidence, Field
from pipeline.identifiers import RecordId
from pipeline.inquiry.explain import explain
from pipeline.inquiry.explanation import Dossier, Published, Row
from pipeline.inquiry.telling import in_words
from pipeline.instants import MAX_INSTANT, Instant
from pipeline.ledger.parts import Part
from pipeline.records import Record, applied
from pipeline.wire.plain_json import to_json
from tests.inquiry.build import BEGIN, dossier, explained, fresh, life
from tests.support.build import control, event, hold, notice, planner_of, policy
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


def test_where_a_simulation_must_be_approved_nothing_counts_before() -> None:
    text = policy(limit("a", 10))
    scope = simulation_scope(text)
    approval = msgspec.structs.replace(
        control("approve", f"'{scope}/{'0' * 12}'"), author="head-of-privacy"
    )
    published = (Published(Instant(1), text), Published(Instant(3_000), approval))
    asked = dossier(fresh(), published=published, approvals=("simulations",))
    before, after = explain(asked, Instant(2_999)), explain(asked, Instant(3_000))
    assert (before.waiting, before.gaps) == ((scope,), ("NO_POLICY",))
    said = f"not in force, for nobody else has approved a simulation of it: {named(text)}"
    assert said in "\n".join(in_words(before))
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


def test_it_tells_which_fields_go_before_the_rest_and_what_they_hold() -> None:
    fields = (Field("id_document", ("pd:Passport",)), Field("photo", ("pd:Picture",)))
    told = msgspec.structs.replace(event(at=BEGIN), fields=fields)
    duty = limit("m", 50, bound="minimum", match="{category: [pd:Passport]}")
    drive = Drive()
    drive.give(Part(envelopes=(policy(limit("a", 10), duty),), tick=Instant(BEGIN)))
    drive.give(Part(events=(told,)))
    drive.until(BEGIN + 11_000)
    record = drive.ledger.holdings.get(RecordId("r1"))
    assert record is not None
    said = explained(record, policy(limit("a", 10), duty), at=BEGIN + 12_000)
    assert said.fields == {"id_document": ("pd:Passport",), "photo": ("pd:Picture",)}
    (redaction,) = [step for step in said.lives[0].steps if step.kind == "REDACT"]
    assert [one.due_at for one in redaction.told] == [BEGIN + 10_000]
    text = "\n".join(in_words(said))
    assert "its field id_document: pd:Passport" in text
    assert "REDACT of photo by" in text
    assert "commanded REDACT to images" in text
    assert "fields photo: no duty to keep means them" in text
    assert '"fields":{"id_document":["pd:Passport"]' in to_json(said)
