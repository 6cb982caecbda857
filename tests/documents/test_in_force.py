"""What is in force at an instant: documents by id, pauses, approvals, stores and limits."""

import pickle

import pytest

from pipeline.documents import AtMost, InForce, StoreSettings
from pipeline.identifiers import Cause, StoreName
from pipeline.instants import DAY, HOUR, MINUTE, Instant
from pipeline.tags import DEFAULT_METHOD
from tests.documents.states import (
    IN_EU,
    NOW,
    OUT_OF_EU,
    held,
    in_force,
    published,
    record,
    versions,
)
from tests.documents.texts import control, hold, notice, policy, rule

FACES = Cause("policy:acme/faces")
IMAGES = StoreName("images")


def test_nothing_is_in_force_at_first() -> None:
    empty = InForce()

    assert (empty.policies, empty.notices, empty.holds, empty.controls) == ((), (), (), ())
    assert empty.envelopes == ()
    assert held(empty, record()) == []
    assert empty.stopped(IMAGES, FACES) is None
    assert empty.approved(FACES) is None
    assert empty.store(IMAGES) == StoreSettings(lead=DAY, answer_within=DAY, per_minute=None)
    assert empty.lead(IMAGES) == DAY
    assert (empty.at_most(FACES), empty.regime(FACES)) == (None, None)
    assert (empty.has_shares, empty.asks_sources) == (False, False)
    assert empty.method == DEFAULT_METHOD
    assert (empty.until, empty.waiting) == (None, ())


def test_documents_are_given_by_id() -> None:
    state = in_force(policy(name="b"), policy(name="a"), notice(), hold(), control())

    assert [document.document_id for document in state.policies] == ["a", "b"]
    assert [found.notice.document_id for found in state.notices] == ["ico"]
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


def test_fingerprints_tell_different_states_apart() -> None:
    states = [
        InForce(),
        in_force(policy()),
        in_force(policy(version=2)),
        in_force(policy(default="P1D")),
        in_force(policy(name="b")),
        in_force(policy(), hold()),
        in_force(policy(), now=IN_EU),
    ]

    assert len({state.fingerprint for state in states}) == len(states)


def test_the_fingerprint_changes_when_memberships_do_and_not_before() -> None:
    state = versions(policy())

    def fingerprint(now: Instant) -> str:
        return state.in_force(now).fingerprint

    assert fingerprint(NOW) == fingerprint(OUT_OF_EU)
    assert fingerprint(NOW) != fingerprint(IN_EU)


def test_what_is_equal_has_one_hash() -> None:
    one, other = (versions(policy()).in_force(now) for now in (NOW, IN_EU))

    assert one != other or hash(one) == hash(other)


def test_it_survives_pickling() -> None:
    state = versions(policy(rule()), hold("subjects: [s-1]"), control()).in_force(IN_EU)
    assert held(state, record()) == [], "the index is made"

    copy = pickle.loads(pickle.dumps(state))

    assert copy == state
    assert (copy.at, copy.until, copy.waiting) == (IN_EU, OUT_OF_EU, ())
    assert held(copy, record(subjects=("s-1",))) == ["h-1"]


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
    paused = versions(control("pause", scope=scope, version=2))
    found = paused.in_force(NOW).stopped(IMAGES, FACES)

    assert (found is not None) is stopped
    assert found is None or (found.scope, found.author) == (scope, "counsel")
    resumed = paused.applied(published(control("resume", scope=scope, version=3)))
    assert resumed.in_force(NOW).stopped(IMAGES, FACES) is None
    late = paused.applied(published(control("resume", scope=scope, version=1)))
    assert late.in_force(NOW).stopped(IMAGES, FACES) == found


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
    known = versions(control("approve", scope=scope, version=4))
    state = known.in_force(NOW)

    assert state.approved(FACES) == 4
    assert state.approved(Cause("policy:acme/other")) is None
    assert state.stopped(IMAGES, FACES) is None
    later = known.applied(published(control("approve", scope=scope, version=5)))
    assert later.in_force(NOW).approved(FACES) == 5


def test_of_several_policies_the_most_careful_settings_of_a_store_hold() -> None:
    state = in_force(
        policy(
            name="a",
            more="stores:\n"
            "  images: {lead: PT1H, answer_within: PT5M, per_minute: 600}\n"
            "  vectors: {lead: PT0S}\n"
            "  tapes: {per_minute: 9}\n",
        ),
        policy(
            name="b",
            more="stores:\n"
            "  images: {lead: PT2H, answer_within: PT6M, per_minute: 60}\n"
            "  tapes: {answer_within: PT1H}\n",
        ),
    )

    assert state.store(IMAGES) == StoreSettings(2 * HOUR, 5 * MINUTE, 60)
    assert state.lead(IMAGES) == 2 * HOUR
    assert state.store(StoreName("vectors")) == StoreSettings(0, DAY, None)
    assert state.store(StoreName("tapes")) == StoreSettings(DAY, HOUR, 9)
    assert state.store(StoreName("backups")) == StoreSettings(DAY, DAY, None)


def test_a_rule_says_how_much_it_may_delete_a_day() -> None:
    state = in_force(
        policy(rule(more="at_most: 7"), rule("rest", more=""), rule("part", more="at_most: 2%"))
    )

    assert state.at_most(FACES) == AtMost(count=7)
    assert state.at_most(Cause("policy:acme/part")) == AtMost(share=20)
    assert state.at_most(Cause("policy:acme/rest")) is None
    assert state.at_most(Cause("policy:acme/default")) is None


@pytest.mark.parametrize(
    ("texts", "shares", "sources"),
    [
        ([policy(rule(more="at_most: 7"))], False, False),
        ([policy(rule(more="")), policy(rule(more="at_most: 0.5%"), name="b")], True, False),
        ([policy(rule(match="{source: web}"))], False, True),
        ([policy(rule()), notice(match="{source: [web]}")], False, True),
    ],
)
def test_what_need_not_be_counted_is_told(texts: list[str], shares: bool, sources: bool) -> None:
    state = in_force(*texts)

    assert (state.has_shares, state.asks_sources) == (shares, sources)


def test_a_cause_follows_the_law_that_its_citation_names() -> None:
    def cited(text: str, jurisdiction: str) -> str:
        return text.replace("5(1)(e)", f"5(1)(e), jurisdiction: {jurisdiction}")

    silent, british = rule("silent"), cited(rule("british"), "UK")
    state = in_force(
        policy(silent, british).replace("5(1)(e)", "5(1)(e), jurisdiction: US-IL", 1),
        cited(notice(), "EU"),
    )

    assert state.regime(Cause("policy:acme/default")) == "US-IL"
    assert state.regime(Cause("policy:acme/british")) == "GB"
    assert state.regime(Cause("policy:acme/silent")) is None
    assert state.regime(Cause("notice:ico/delete")) == "EU"
    assert state.regime(Cause("notice:ico/other")) is None
