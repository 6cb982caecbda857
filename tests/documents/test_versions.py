"""Which version counts at an instant: the highest that has taken effect, whatever the order."""

import pickle
from collections.abc import Iterable
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import (
    Control,
    Envelope,
    InvalidDocument,
    Versions,
    approval_scope,
    parsed,
    simulation_scope,
)
from pipeline.instants import MIN_INSTANT, Instant, parse_instant
from tests.documents.states import (
    IN_EU,
    NOW,
    OUT_OF_EU,
    approval,
    in_force,
    published,
    scope,
    versions,
)
from tests.documents.texts import control, hold, notice, policy, rule

JUNE = "2026-06-01T00:00:00Z"
JANUARY = "2027-01-01T00:00:00Z"


def dated(version: int, since: str | None = None, default: str = "P30D") -> str:
    more = f"effective_from: {since}\n" if since else ""
    return policy(version=version, default=default, more=more)


def test_nothing_is_known_at_first() -> None:
    assert (Versions().envelopes, Versions().approvals) == ((), frozenset())
    assert Versions().in_force(NOW).envelopes == ()


def test_the_highest_version_wins_and_an_older_one_changes_nothing() -> None:
    newest = versions(policy(version=2, default="P2D"))

    later = newest.applied(published(policy(version=1, default="P1D")))

    assert later is newest
    assert [document.version for document in in_force(policy(), policy(version=2)).policies] == [2]


def test_of_equal_versions_the_greater_digest_wins() -> None:
    one, other = published(policy(default="P1D")), published(policy(default="P2D"))

    assert Versions.of([one, other]) == Versions.of([other, one])
    assert Versions.of([one, other]).envelopes == (max(one, other, key=lambda e: e.digest),)


def test_of_equal_texts_the_author_does_not_depend_on_the_order() -> None:
    one, other = published(control(), "ada"), published(control(), "grace")

    assert Versions.of([one, other]) == Versions.of([other, one])
    assert Versions.of([one, other]).in_force(NOW).controls[0].author == "grace"
    assert Versions.of([one]).fingerprint != Versions.of([one, other]).fingerprint


def test_an_invalid_document_leaves_what_is_known() -> None:
    state = versions(policy())
    bad = msgspec.structs.replace(published(policy(version=2)), text="policy: [")

    with pytest.raises(InvalidDocument):
        state.applied(bad)
    assert [document.version for document in state.in_force(NOW).policies] == [1]


def test_a_released_hold_stays_known_and_does_not_come_back() -> None:
    state = versions(hold(version=2, state="released"), hold(version=1)).in_force(NOW)

    assert [document.state for document in state.holds] == ["released"]


def test_a_withdrawn_notice_stays_known() -> None:
    state = versions(notice(version=2, more="state: withdrawn\n"), notice(version=1))

    assert [found.state for found in state.in_force(NOW).notices] == ["WITHDRAWN"]


@pytest.mark.parametrize(
    ("dates", "now", "number", "until"),
    [
        # Version 1 without a date, version 2 from June.
        ((None, JUNE), "2026-05-31T23:59:59.999Z", 1, JUNE),
        ((None, JUNE), JUNE, 2, None),
        ((JUNE,), "2026-05-31T23:59:59.999Z", None, JUNE),
        ((JUNE,), JUNE, 1, None),
        ((None, JUNE, JANUARY), "2026-03-01T00:00:00Z", 1, JUNE),
        ((None, JUNE, JANUARY), "2026-07-01T00:00:00Z", 2, JANUARY),
        ((None, JUNE, JANUARY), JANUARY, 3, None),
        # A later version that takes effect sooner: the one between never counts.
        ((None, JANUARY, JUNE), "2026-03-01T00:00:00Z", 1, JUNE),
        ((None, JANUARY, JUNE), "2026-07-01T00:00:00Z", 3, None),
        ((None, JANUARY, JUNE), JANUARY, 3, None),
        # A later version without a date takes the place of a future one at once.
        ((None, JUNE, None), "2026-03-01T00:00:00Z", 3, None),
        # Memberships of territories change by themselves too.
        ((None,), "2020-12-31T22:59:59.999Z", 1, "2020-12-31T23:00:00Z"),
        ((None,), "2020-12-31T23:00:00Z", 1, None),
    ],
)
def test_a_version_counts_from_its_date_until_the_next_one_does(
    dates: tuple[str | None, ...], now: str, number: int | None, until: str | None
) -> None:
    state = versions(*(dated(at, since) for at, since in enumerate(dates, 1)))
    found = state.in_force(parse_instant(now))

    assert [document.version for document in found.policies] == ([number] if number else [])
    assert found.until == (parse_instant(until) if until else None)
    assert found.at == parse_instant(now)
    assert found.waiting == ()


@pytest.mark.parametrize(
    ("dates", "kept"),
    [
        ((None, None), [2]),
        ((None, JUNE), [1, 2]),
        ((JUNE, None), [2]),
        ((JUNE, JUNE), [2]),
        ((None, JANUARY, JUNE), [1, 3]),
    ],
)
def test_only_versions_that_may_still_count_are_journalled(
    dates: tuple[str | None, ...], kept: list[int]
) -> None:
    state = versions(*(dated(at, since) for at, since in enumerate(dates, 1)))

    assert [envelope.version for envelope in state.envelopes] == kept


def test_the_earliest_change_of_several_documents_is_told() -> None:
    state = versions(
        policy(name="a", more=f"effective_from: {JANUARY}\n"),
        policy(name="b", more=f"effective_from: {JUNE}\n"),
    )

    assert state.in_force(NOW).until == parse_instant(JUNE)
    assert state.in_force(IN_EU).until == OUT_OF_EU


ADA, GRACE = "ada", "grace"
_OTHERS = [
    *(hold(version=version, state=state) for version in (1, 2) for state in ("active", "released")),
    *(control(action, version=version) for version in (1, 2) for action in ("pause", "resume")),
    approval(hold()),
    approval(hold(version=2, state="released")),
    notice(),
    notice(version=2, more="state: withdrawn\n"),
    control("approve", scope="cause:policy:acme/faces"),
]
_DATED = [dated(1), dated(2, JANUARY), dated(3, JUNE), dated(4, "2028-01-01T00:00:00Z")]
_TWO_TEXTS = [dated(version, default=f"P{days}D") for version in (1, 2) for days in (1, 2)]
_TWO_DATES = [*_DATED, *(dated(2, default=f"P{days}D") for days in range(1, 9))]
_INSTANTS = [NOW, *(parse_instant(date) for date in (JUNE, JANUARY, "2028-01-01T00:00:00Z"))]


def expected(envelopes: Iterable[Envelope], approvals: frozenset[str], now: Instant) -> list[str]:
    """Choose by the words of the rule, from everything that ever came."""
    approvers: dict[str, set[str]] = {}
    for envelope in envelopes:
        document = parsed(envelope)
        if isinstance(document, Control) and document.scope.startswith("document:"):
            approvers.setdefault(document.scope, set()).add(envelope.author)
    texts: dict[tuple[str, str, int], list[Envelope]] = {}
    for envelope in envelopes:
        others = approvers.get(approval_scope(envelope), set()) - {envelope.author}
        if envelope.kind not in approvals or others:
            key = (envelope.kind, envelope.document_id, envelope.version)
            texts.setdefault(key, []).append(envelope)
    chosen: dict[tuple[str, str], list[Envelope]] = {}
    for (kind, name, _), found in sorted(texts.items()):
        first = min(envelope.effective_from or MIN_INSTANT for envelope in found)
        best = [e for e in found if (e.effective_from or MIN_INSTANT) == first]
        if first <= now:
            chosen[kind, name] = [max(best, key=lambda e: (e.digest, e.author))]
            if name.startswith("document:"):  # what each person approved stands beside the others'
                latest = {e.author: e for e in sorted(found, key=lambda e: e.digest)}
                chosen[kind, name] = list(latest.values())
    return sorted(e.digest + e.author for found in chosen.values() for e in found)


@pytest.mark.parametrize(
    "policies",
    [
        pytest.param(_DATED, id="one text a number"),
        pytest.param(_TWO_TEXTS, id="two texts a number"),
        pytest.param(
            _TWO_DATES,
            id="two dates a number",
        ),
    ],
)
@given(st.data(), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(
    policies: list[str], data: st.DataObject, random: Random
) -> None:
    agreed = [approval(text) for text in policies[:6]]
    texts = (*policies, *agreed, *_OTHERS)
    known = [published(text, author) for text in texts for author in (ADA, GRACE)]
    envelopes = data.draw(st.lists(st.sampled_from(known), max_size=20))
    approvals = data.draw(st.sampled_from([(), ("policies",), ("policies", "holds")]))
    shuffled = envelopes + envelopes[: len(envelopes) // 2]
    random.shuffle(shuffled)

    one, other = Versions.of(envelopes, approvals), Versions.of(shuffled, approvals)

    assert one == other
    assert hash(one) == hash(other)
    assert one.fingerprint == other.fingerprint
    assert all(one.applied(envelope) is one for envelope in envelopes)
    assert Versions.of(one.envelopes, approvals) == one
    for now in _INSTANTS:
        found, again = one.in_force(now), other.in_force(now)
        assert (found, found.until, found.waiting) == (again, again.until, again.waiting)
        chosen = sorted(envelope.digest + envelope.author for envelope in found.envelopes)
        assert chosen == expected(envelopes, one.approvals, now)


@given(st.data(), st.randoms(use_true_random=False))
def test_order_does_not_matter_where_simulations_are_approved(
    data: st.DataObject, random: Random
) -> None:
    agreed = [
        control(action, scope=f"{simulation_scope(published(text))}/{'0' * 12}", version=version)
        for text in _DATED[:3]
        for action in ("approve", "withdraw")
        for version in (1, 2)
    ]
    observed = policy(rule(mode="observe"), version=5)
    texts = (*_DATED, *agreed, observed, policy(rule(), version=6), *_OTHERS)
    known = [published(text, author) for text in texts for author in (ADA, GRACE)]
    envelopes = data.draw(st.lists(st.sampled_from(known), max_size=20))
    approvals = data.draw(st.sampled_from([("simulations",), ("policies", "simulations")]))
    shuffled = envelopes + envelopes[: len(envelopes) // 2]
    random.shuffle(shuffled)

    one, other = Versions.of(envelopes, approvals), Versions.of(shuffled, approvals)

    assert one == other
    assert all(one.applied(envelope) is one for envelope in envelopes)
    assert Versions.of(one.envelopes, approvals) == one
    for now in _INSTANTS:
        found, again = one.in_force(now), other.in_force(now)
        assert (found, found.until, found.waiting) == (again, again.until, again.waiting)
        for later in _INSTANTS:
            if now < later and (found.until is None or later < found.until):
                same = one.in_force(later)
                assert (same.envelopes, same.waiting) == (found.envelopes, found.waiting)


def test_fingerprints_tell_different_states_apart() -> None:
    states = [
        Versions(),
        versions(policy()),
        versions(policy(version=2)),
        versions(policy(default="P1D")),
        versions(policy(name="b")),
        versions(policy(), hold()),
        versions(policy(), dated(2, JUNE)),
    ]

    assert len({state.fingerprint for state in states}) == len(states)


def test_versions_survive_pickling() -> None:
    state = versions(dated(1), dated(2, JUNE), hold(), approval(dated(1)), approvals=("policies",))

    copy = pickle.loads(pickle.dumps(state))

    assert copy == state
    assert copy.approvals == {"policies"}
    assert (
        copy.in_force(NOW).waiting
        == state.in_force(NOW).waiting
        == (
            scope(dated(1)),
            scope(dated(2, JUNE)),
        )
    )
