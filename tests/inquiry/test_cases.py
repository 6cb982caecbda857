"""Findings as cases: what is open, what is resolved by whom, and what opened again."""

import msgspec
import pytest

from pipeline.errors import InvalidInput
from pipeline.findings import Finding, finding, over
from pipeline.inquiry.cases import Case, cases, chosen, digits_to_show, is_resolution, resolving
from pipeline.instants import Instant
from pipeline.vocabulary import FindingKind


def raised(
    at: int, occasion: str = "", subject: str = "s", kind: FindingKind = FindingKind.NO_RULE
) -> Finding:
    return finding(kind, subject, "what", "remedy", Instant(at), occasion, clue="kept")


def resolved(*before: Finding, at: int = 50, reason: str = "done") -> Finding:
    (case,) = cases(before)
    return resolving(case, "counsel", reason, Instant(at))


def one(*items: Finding) -> Case:
    (case,) = cases(items)
    return case


def test_what_was_raised_is_open() -> None:
    case = one(raised(1))
    assert (case.is_open, case.times, case.resolution) == (True, 1, None)


def test_an_occasion_counts_once_however_often_it_was_raised() -> None:
    case = one(raised(1), raised(1), raised(5, "new policy"), raised(9), raised(8, "new policy"))
    assert (case.times, case.first_at, case.last_at) == (2, 1, 5)


def test_who_resolved_it_why_and_when_is_kept() -> None:
    case = one(raised(1), resolved(raised(1)))
    assert not case.is_open
    assert case.resolution is not None
    assert (case.resolution.author, case.resolution.reason) == ("counsel", "done")
    assert case.resolution.at == 50
    assert case.finding.details == {"clue": "kept"}, "the newest raising, not the resolution"


def test_raised_on_another_occasion_after_it_was_resolved_it_is_open_again() -> None:
    case = one(raised(1), resolved(raised(1)), raised(60, "new policy"))
    assert case.is_open
    assert case.resolution is not None


def test_raised_while_somebody_resolved_it_it_is_open() -> None:
    """Whoever resolved it had not seen this raising, though the clock said so."""
    assert one(raised(1), resolved(raised(1), at=50), raised(49, "new policy")).is_open
    assert one(raised(1), raised(49, "new policy"), resolved(raised(1), at=50)).is_open


def test_a_job_that_starts_again_and_repeats_what_it_raised_opens_nothing() -> None:
    assert not one(raised(1), resolved(raised(1)), raised(1)).is_open
    assert not one(raised(1), resolved(raised(1)), raised(60)).is_open
    first = raised(1, "a"), raised(5, "b")
    assert not one(*first, resolved(*first), raised(60, "a"), raised(61, "b")).is_open


def test_it_may_be_resolved_again() -> None:
    first = resolved(raised(1))
    again = resolved(raised(1), first, raised(60, "new"), at=70, reason="for good")
    case = one(raised(1), first, raised(60), again)
    assert not case.is_open
    assert case.resolution is not None
    assert case.resolution.reason == "for good"


def test_a_resolution_whose_finding_is_past_retention_is_no_case() -> None:
    assert cases([resolved(raised(1))]) == ()


def test_a_resolution_by_another_tool_resolves_what_was_raised_up_to_it() -> None:
    by_hand = msgspec.structs.replace(raised(1), at=Instant(50), details={"resolved_by": "tool"})
    assert not one(raised(1), by_hand).is_open
    assert one(raised(1), by_hand, raised(51, "new")).is_open
    broken = msgspec.structs.replace(
        by_hand, details={"resolved_by": "tool", "resolved_raising_of": "yesterday"}
    )
    assert not one(raised(1), broken).is_open


def test_a_resolution_is_a_repetition_of_the_finding_to_a_reader_that_knows_none() -> None:
    item = resolved(raised(1))
    assert is_resolution(item)
    assert not is_resolution(raised(1))
    assert (item.finding_id, item.kind) == (raised(1).finding_id, raised(1).kind)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1_001, "a\x00b", "two\nlines"])
def test_a_reason_must_say_something_in_one_line(reason: str) -> None:
    with pytest.raises(InvalidInput, match="reason"):
        resolved(raised(1), reason=reason)


def test_an_author_must_be_named() -> None:
    with pytest.raises(InvalidInput, match="author"):
        resolving(one(raised(1)), "", "done", Instant(2))


def test_a_case_is_chosen_by_the_beginning_of_its_id() -> None:
    found = cases([raised(1, f"s{n}") for n in range(300)])
    for case in found[:20]:
        assert chosen(found, [case.finding.finding_id]) == (case,)
    with pytest.raises(InvalidInput, match="4 digits"):
        chosen(found, ["abc"])
    with pytest.raises(InvalidInput, match="no finding"):
        chosen(found, ["not-an-id"])


def test_a_beginning_of_several_ids_is_refused() -> None:
    twins = [
        msgspec.structs.replace(raised(1, name), finding_id=f"abcd-{name}") for name in ("x", "y")
    ]
    with pytest.raises(InvalidInput, match="2 findings"):
        chosen(cases(twins), ["abcd"])


def test_ids_are_shown_with_as_many_digits_as_tell_them_apart() -> None:
    twins = [
        msgspec.structs.replace(raised(1, name), finding_id=f"abcdefgh-{name}") for name in "xy"
    ]
    found = cases(twins)
    digits = digits_to_show(found, 4)
    assert digits == 10
    for case in found:
        assert chosen(found, [case.finding.finding_id[:digits]]) == (case,)
    assert digits_to_show(found[:1], 4) == 4


def test_a_shard_whose_time_lags_does_not_keep_a_resolved_finding_open() -> None:
    """Shards raise the same finding; the one that writes second may have the older time."""
    told = (raised(100), raised(50))
    assert not one(*told, resolved(*told)).is_open
    assert one(*told, resolved(*told), raised(60, "new")).is_open, "an occasion nobody saw"


def test_a_repetition_after_the_first_raising_is_past_retention_opens_nothing() -> None:
    assert not one(resolved(raised(1, "a")), raised(60, "a")).is_open


def test_the_job_resolves_what_is_over() -> None:
    overdue = finding(FindingKind.OVERDUE, "c-1", "what", "remedy", Instant(1))
    case = one(overdue, over(FindingKind.OVERDUE, "c-1", "the store has answered", Instant(9)))
    assert not case.is_open
    assert case.resolution is not None
    assert case.resolution.author == "the job"
