"""What is in force: newest versions, whatever the order; holds, pauses, approvals and leads."""

import pickle
import time
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import Envelope, InForce, InvalidDocument, enveloped
from pipeline.events import Subject
from pipeline.identifiers import Cause, RecordId, StoreName, SubjectId
from pipeline.instants import DAY
from pipeline.records import Record
from tests.documents.texts import control, hold, notice, policy, rule

KIND_OF_FIRST_WORD = {
    "policy": "policies",
    "notice": "notices",
    "hold": "holds",
    "control": "controls",
}


def published(text: str, author: str = "counsel") -> Envelope:
    return enveloped(KIND_OF_FIRST_WORD[text.split(":", maxsplit=1)[0]], text, author)


def in_force(*texts: str) -> InForce:
    return InForce.of(published(text) for text in texts)


def record(
    record_id: str = "r-9",
    *,
    subjects: tuple[str, ...] = (),
    purposes: tuple[str, ...] = (),
    sources: tuple[str, ...] = (),
) -> Record:
    return Record(
        RecordId(record_id),
        subjects=tuple(Subject(SubjectId(name)) for name in subjects),
        purposes=purposes,
        sources=sources,
    )


def held(state: InForce, what: Record, residency: tuple[str, ...] = ("GB",)) -> list[str]:
    return [found.document_id for found in state.holds_on(what, residency)]


def test_nothing_is_in_force_at_first() -> None:
    empty = InForce()

    assert (empty.policies, empty.notices, empty.holds, empty.controls) == ((), (), (), ())
    assert empty.envelopes == ()
    assert held(empty, record()) == []
    assert empty.stopped(StoreName("images"), Cause("policy:acme/faces")) is None
    assert empty.approved(Cause("policy:acme/faces")) is None
    assert empty.lead(StoreName("images")) == DAY


def test_documents_are_given_by_id() -> None:
    state = in_force(policy(name="b"), policy(name="a"), notice(), hold(), control())

    assert [document.document_id for document in state.policies] == ["a", "b"]
    assert [document.document_id for document in state.notices] == ["ico"]
    assert [document.document_id for document in state.holds] == ["h-1"]
    assert [document.document_id for document in state.controls] == ["all"]
    assert [(one.kind, one.document_id) for one in state.envelopes] == [
        ("controls", "all"),
        ("holds", "h-1"),
        ("notices", "ico"),
        ("policies", "a"),
        ("policies", "b"),
    ]


def test_documents_of_two_kinds_may_share_an_id() -> None:
    state = in_force(policy(name="x"), notice(name="x"), hold(name="x"))

    assert (len(state.policies), len(state.notices), len(state.holds)) == (1, 1, 1)


def test_the_highest_version_wins_and_an_older_one_changes_nothing() -> None:
    newest = in_force(policy(version=2, default="P2D"))

    later = newest.applied(published(policy(version=1, default="P1D")))

    assert later is newest
    assert [document.version for document in in_force(policy(), policy(version=2)).policies] == [2]


def test_of_equal_versions_the_greater_digest_wins() -> None:
    one, other = published(policy(default="P1D")), published(policy(default="P2D"))

    assert InForce.of([one, other]) == InForce.of([other, one])
    assert InForce.of([one, other]).envelopes == (max(one, other, key=lambda e: e.digest),)


def test_of_equal_texts_the_author_does_not_depend_on_the_order() -> None:
    one, other = published(control(), "ada"), published(control(), "grace")

    assert InForce.of([one, other]) == InForce.of([other, one])
    assert InForce.of([one, other]).controls[0].author == "grace"
    assert InForce.of([one]).fingerprint != InForce.of([one, other]).fingerprint


def test_an_invalid_document_leaves_what_is_in_force() -> None:
    state = in_force(policy())
    bad = msgspec.structs.replace(published(policy(version=2)), text="policy: [")

    with pytest.raises(InvalidDocument):
        state.applied(bad)
    assert [document.version for document in state.policies] == [1]


def test_a_released_hold_stays_known_and_does_not_come_back() -> None:
    state = in_force(hold(version=2, state="released"), hold(version=1))

    assert [document.state for document in state.holds] == ["released"]
    assert held(state, record("r-1")) == []


def test_a_withdrawn_notice_stays_known() -> None:
    state = in_force(notice(version=2, more="state: withdrawn\n"), notice(version=1))

    assert [document.state for document in state.notices] == ["withdrawn"]


_TEXTS = [
    *(policy(version=version, default=f"P{days}D") for version in (1, 2) for days in (1, 2)),
    *(hold(version=version, state=state) for version in (1, 2) for state in ("active", "released")),
    *(control(action, version=version) for version in (1, 2) for action in ("pause", "resume")),
    notice(),
    notice(version=2, more="state: withdrawn\n"),
    control("approve", scope="cause:policy:acme/faces"),
]
_ENVELOPES = [published(text, author) for text in _TEXTS for author in ("ada", "grace")]


@given(st.lists(st.sampled_from(_ENVELOPES), max_size=20), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(envelopes: list[Envelope], random: Random) -> None:
    shuffled = envelopes + envelopes[: len(envelopes) // 2]
    random.shuffle(shuffled)

    one, other = InForce.of(envelopes), InForce.of(shuffled)

    assert one == other
    assert hash(one) == hash(other)
    assert one.fingerprint == other.fingerprint
    assert (one.policies, one.holds, one.controls) == (other.policies, other.holds, other.controls)
    assert all(one.applied(envelope) is one for envelope in envelopes)
    assert InForce.of(one.envelopes) == one


def test_fingerprints_tell_different_states_apart() -> None:
    states = [
        InForce(),
        in_force(policy()),
        in_force(policy(version=2)),
        in_force(policy(default="P1D")),
        in_force(policy(name="b")),
        in_force(policy(), hold()),
    ]

    assert len({state.fingerprint for state in states}) == len(states)


def test_it_survives_pickling() -> None:
    state = in_force(policy(rule()), hold("subjects: [s-1]"), control())

    copy = pickle.loads(pickle.dumps(state))

    assert copy == state
    assert held(copy, record(subjects=("s-1",))) == ["h-1"]


@pytest.mark.parametrize(
    ("selectors", "what", "residency", "expected"),
    [
        ("records: [r-1]", record("r-1"), ("GB",), True),
        ("records: [r-1]", record("r-2"), ("GB",), False),
        ("subjects: [s-1]", record(subjects=("s-1",)), ("GB",), True),
        ("subjects: [s-1]", record(subjects=("s-2", "s-1")), ("GB",), True),
        ("subjects: [s-1]", record(subjects=("s-2",)), ("GB",), False),
        ("subjects: [s-1]", record("s-1"), ("GB",), False),
        ("match: {residency: GB}", record(), ("GB",), True),
        ("match: {residency: GB}", record(), ("FR",), False),
        ("match: {residency: GB}", record(), ("UNKNOWN",), True),
        ("match: {residency: [GB, UNKNOWN]}", record(), ("UNKNOWN",), True),
        ("match: {source: web}", record(sources=("web",)), ("GB",), True),
        ("records: [r-1]\nsubjects: [s-1]", record(subjects=("s-1",)), ("GB",), True),
    ],
)
def test_a_hold_is_on_what_it_names(
    selectors: str, what: Record, residency: tuple[str, ...], expected: bool
) -> None:
    assert held(in_force(hold(selectors)), what, residency) == (["h-1"] if expected else [])


def test_all_holds_on_a_record_are_given_once_and_by_id() -> None:
    state = in_force(
        hold("subjects: [s-1, s-2]", name="c"),
        hold("match: {residency: GB}", name="a"),
        hold("records: [r-1]\nmatch: {residency: GB}", name="b"),
        hold("records: [r-2]", name="d"),
    )

    assert held(state, record("r-1", subjects=("s-1", "s-2"))) == ["a", "b", "c"]


FACES = Cause("policy:acme/faces")
IMAGES = StoreName("images")


@pytest.mark.parametrize(
    ("scope", "stopped"),
    [
        ("all", True),
        ("store:images", True),
        ("store:vectors", False),
        ("rule:acme/faces", True),
        ("rule:acme/other", False),
        ("rule:other/faces", False),
    ],
)
def test_a_pause_stops_its_scope_until_a_later_version_resumes(scope: str, stopped: bool) -> None:
    paused = in_force(control("pause", scope=scope, version=2))
    found = paused.stopped(IMAGES, FACES)

    assert (found is not None) is stopped
    assert found is None or (found.scope, found.author) == (scope, "counsel")
    resumed = paused.applied(published(control("resume", scope=scope, version=3)))
    assert resumed.stopped(IMAGES, FACES) is None
    late = paused.applied(published(control("resume", scope=scope, version=1)))
    assert late.stopped(IMAGES, FACES) == found


def test_resuming_one_scope_leaves_the_others_paused() -> None:
    state = in_force(
        control("pause"),
        control("pause", scope="store:images"),
        control("resume", version=2),
    )

    found = state.stopped(IMAGES, FACES)
    assert found is not None
    assert found.scope == "store:images"


def test_a_notice_is_stopped_by_all_and_by_store_but_by_no_rule() -> None:
    cause = Cause("notice:acme/faces")

    assert in_force(control(scope="rule:acme/faces")).stopped(IMAGES, cause) is None
    assert in_force(control()).stopped(IMAGES, cause) is not None
    assert in_force(control(scope="store:images")).stopped(IMAGES, cause) is not None


def test_an_approval_is_for_its_cause_and_counts_up() -> None:
    scope = "cause:policy:acme/faces"
    state = in_force(control("approve", scope=scope, version=4))

    assert state.approved(FACES) == 4
    assert state.approved(Cause("policy:acme/other")) is None
    assert state.stopped(IMAGES, FACES) is None
    assert state.applied(published(control("approve", scope=scope, version=5))).approved(FACES) == 5


def test_the_longest_lead_that_names_a_store_holds() -> None:
    state = in_force(
        policy(name="a", more="stores: {images: {lead: PT1H}, vectors: {lead: PT0S}}\n"),
        policy(name="b", more="stores: {images: {lead: PT2H}}\n"),
    )

    assert state.lead(IMAGES) == 2 * 3_600_000
    assert state.lead(StoreName("vectors")) == 0
    assert state.lead(StoreName("backups")) == DAY


def test_a_rule_says_how_much_it_may_delete_a_day() -> None:
    state = in_force(policy(rule("faces", more="at_most: 7"), rule("rest", more="")))

    assert state.at_most(FACES) == 7
    assert state.at_most(Cause("policy:acme/rest")) is None
    assert state.at_most(Cause("policy:acme/default")) is None


def test_a_question_costs_microseconds_with_many_holds() -> None:
    ids = ", ".join(f"r-{number}" for number in range(20_000))
    state = in_force(hold(f"records: [{ids}]"), policy(rule()), control("resume"))
    asked = record("r-77", subjects=("s-1",))
    assert held(state, asked) == ["h-1"]

    start = time.perf_counter()
    for _ in range(1_000):
        state.holds_on(asked, ("GB",))
        state.stopped(IMAGES, FACES)
        state.lead(IMAGES)
    assert time.perf_counter() - start < 0.5
