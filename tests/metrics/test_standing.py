"""What one record counts for, from its facts, its commands and the documents in force."""

from msgspec.structs import replace

from pipeline.identifiers import Cause, CommandId, StoreName
from pipeline.instants import DAY, Instant
from pipeline.metrics.standing import notice_step, seen
from pipeline.records import Issued, Record, applied
from pipeline.rules import Planner
from tests.metrics.build import START
from tests.support.build import event, notice, planner_of, policy, rule

STORES = ("images", "index")
STOP, DELETE = Cause("notice:ico-1/stop"), Cause("notice:ico-1/delete")
LATER = (START + 9 * DAY, START + 20 * DAY)
NOTICE = notice(stop=(START, START + DAY), delete=LATER)
POLICY = policy(rule(limit="P1Y"), default="P1Y")
UNDER_NOTICE = planner_of(POLICY, NOTICE, now=START)
WITHOUT = planner_of(POLICY, now=START)
BORN = applied(None, event(at=START, stores=STORES))


def command(
    store: str, outcome: str | None = None, *, kind: str = "RESTRICT", cause: Cause = STOP
) -> Issued:
    return Issued(
        command_id=CommandId(f"{kind} {store} {cause}"),
        kind=kind,
        store=StoreName(store),
        cause=cause,
        citation="",
        generation=BORN.generation(),
        not_before=Instant(START),
        complete_by=Instant(START + DAY),
        data_until=Instant(START + DAY),
        expires_at=Instant(START + 90 * DAY),
        issued_at=Instant(START + len(store)),
        outcome=outcome,
    )


def given(*commands: Issued) -> Record:
    return replace(BORN, issued=commands)


def notices(record: Record, planner: Planner = UNDER_NOTICE) -> dict[str, bool]:
    found = seen(record, planner).standing.notices
    return {notice_step(cause)[1]: done for cause, done in found}


def test_a_step_is_done_when_every_store_has_settled_it() -> None:
    assert notices(given()) == {"stop": False, "delete": False}
    assert notices(given(command("images", "COMPLETED"))) == {"stop": False, "delete": False}
    for answer in (None, "FAILED", "IN_PROGRESS", "NOT_SUPPORTED"):
        both = given(command("images", "COMPLETED"), command("index", answer))
        assert notices(both)["stop"] is False
    both = given(command("images", "COMPLETED"), command("index", "NOT_FOUND"))
    assert notices(both) == {"stop": True, "delete": False}


def test_a_deletion_that_is_ordered_is_not_done_by_a_restriction() -> None:
    restricted = given(*[command(store, "COMPLETED", cause=DELETE) for store in STORES])
    assert notices(restricted)["delete"] is False


def test_a_command_that_is_open_leaves_its_step_open_whatever_else_was_settled() -> None:
    again = replace(command("index"), command_id=CommandId("another"))
    record = given(command("images", "COMPLETED"), command("index", "COMPLETED"), again)
    assert notices(record)["stop"] is False


def test_of_a_notice_that_is_gone_what_is_open_stays_in_scope() -> None:
    assert notices(given(command("images")), WITHOUT) == {"stop": False}
    assert notices(given(command("images", "COMPLETED")), WITHOUT) == {"stop": True}


def test_what_was_taken_back_is_not_in_scope() -> None:
    taken = replace(command("images", "COMPLETED"), withdrawn=True)
    release = replace(command("images", kind="RELEASE"), withdraws=taken.command_id)
    assert notices(given(taken, release), WITHOUT) == {}


def test_data_that_is_gone_settles_every_step() -> None:
    gone = [command(store, "COMPLETED", kind="DELETE", cause=DELETE) for store in STORES]
    record = given(*gone, command("images"))
    assert notices(record) == {"stop": True, "delete": True}
    assert seen(record, UNDER_NOTICE).standing.status == "DELETED"
    half = given(gone[0], replace(gone[1], outcome=None))
    assert notices(half)["delete"] is False


def test_the_band_is_the_surest_conclusion() -> None:
    def band(**facts: str | None) -> str:
        return seen(applied(None, event(at=START, **facts)), WITHOUT).standing.band  # type: ignore[arg-type]

    assert band(residency="GB") == "RESIDENT"
    assert band(residency=None) == "UNKNOWN"
    made = event(at=START)
    [person] = made.subjects
    hint = replace(person.evidence[0], signal="phone_number")
    likely = replace(made, subjects=(replace(person, evidence=(hint,)),))
    found = seen(applied(None, likely), WITHOUT).standing
    assert (found.band, found.unknown) == ("LIKELY", False)


def test_a_duty_to_keep_moves_what_is_due() -> None:
    gb = "{residency: [GB]}"
    least = rule("keep", gb, limit="PT72H") + "    bound: minimum\n"
    kept = planner_of(policy(rule("gb", gb, limit="PT24H"), least), now=START)
    assert seen(BORN, kept).due_at == START + 3 * DAY
    assert seen(BORN, planner_of(policy(rule("gb", gb, limit="PT24H")), now=START)).due_at == (
        START + DAY
    )


def test_a_restriction_ahead_is_no_deletion_that_is_due() -> None:
    soon = notice(stop=(START + 1, START + 2), delete=LATER)
    assert seen(BORN, planner_of(POLICY, soon, now=START)).due_at == LATER[1]


def test_without_a_policy_there_is_no_limit() -> None:
    found = seen(BORN, planner_of(now=START))
    assert found.standing.unlimited
    assert found.due_at is None
    assert not seen(BORN, WITHOUT).standing.unlimited


def test_the_oldest_open_command_is_waited_for() -> None:
    both = given(command("images"), command("index"))
    assert seen(both, UNDER_NOTICE).waiting_since == START + len("index")
    one = given(command("images"), command("index", "COMPLETED"))
    assert seen(one, UNDER_NOTICE).waiting_since == START + len("images")
    assert seen(BORN, UNDER_NOTICE).waiting_since is None


def test_a_restriction_of_a_former_life_is_none_of_the_present_one() -> None:
    gone = [command(store, "COMPLETED", kind="DELETE", cause=DELETE) for store in STORES]
    record = given(*gone, *[command(store, "COMPLETED") for store in STORES])
    assert notices(record)["stop"] is True
    again = applied(record, event(at=START + 3 * DAY, stores=STORES))
    assert notices(again) == {"stop": False, "delete": False}
