"""The ledger: what is due is commanded, what is not is not, and history is never overwritten."""

from pipeline.commands import LIFETIME
from pipeline.instants import Instant
from pipeline.ledger.clocks import CLOCK_TOLERANCE
from pipeline.ledger.outcome import Outcome
from pipeline.ledger.parts import Part
from tests.ledger.looks import ready
from tests.support.build import control, event, hold, notice, policy, rule
from tests.support.drive import ids


def test_a_record_is_commanded_at_its_limit_and_not_a_millisecond_before() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(10_999)
    assert drive.deletions == []
    drive.until(11_000)
    [command] = drive.deletions
    assert command.not_before == command.complete_by == 11_000
    assert command.cause == "policy:acme/gb-search"
    assert command.store == "images"


def test_every_store_of_a_record_gets_its_own_command() -> None:
    drive = ready()
    drive.give(Part(events=(event(stores=("images", "index")),)))
    drive.until(20_000)
    assert {command.store for command in drive.deletions} == {"images", "index"}
    assert len(ids(drive.deletions)) == 2


def test_a_record_that_no_rule_covers_gets_the_default_limit_and_a_finding() -> None:
    drive = ready()
    drive.give(Part(events=(event(purpose="dpv:CustomerCare"),)))
    drive.until(60_999)
    assert drive.deletions == []
    assert [item.kind for item in drive.findings] == ["NO_RULE"]
    drive.until(61_000)
    assert [command.cause for command in drive.deletions] == ["policy:acme/default"]


def test_a_gap_is_told_once_and_again_under_other_policies() -> None:
    drive = ready()
    drive.give(Part(events=(event(purpose="dpv:CustomerCare"),)))
    drive.give(Part(events=(event("r2", purpose="dpv:CustomerCare"),)))
    drive.give(Part(envelopes=(policy(rule(), version=2),), tick=Instant(2_000)))
    told = [item for item in drive.findings if item.kind == "NO_RULE"]
    assert [item.occasion for item in told] == ["acme 1", "acme 2"]
    assert len({item.finding_id for item in told}) == 1


def test_a_ledger_that_begins_again_tells_of_the_same_occasions() -> None:
    """So that nothing which a person has resolved is open again after a restart."""
    told = []
    for _ in range(2):
        drive = ready(policy(rule()), hold(records=("r1",)))
        drive.give(Part(events=(event(at=1_000), event("r2", purpose="dpv:CustomerCare"))))
        drive.until(20_000)
        told.append({item.told_as for item in drive.findings})
    assert told[0] == told[1]
    assert {item.kind for item in drive.findings} == {"NO_RULE", "HELD_PAST_LIMIT"}


def test_a_record_held_by_another_hold_is_told_of_again() -> None:
    drive = ready()
    drive.give(Part(envelopes=(hold(records=("r1",)),)))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(20_000)
    other = hold(records=("r1",), name="h2")
    drive.give(Part(envelopes=(hold(records=("r1",), version=2, state="released"), other)))
    drive.until(30_000)
    drive.give(Part(envelopes=(hold(records=("r1",), version=2, state="released", name="h2"),)))
    drive.give(Part(envelopes=(hold(records=("r1",), version=3, name="h2"),)))
    drive.until(40_000)
    held = [item for item in drive.findings if item.kind == "HELD_PAST_LIMIT"]
    assert [(item.subject, item.occasion) for item in held] == [
        ("policy:acme/gb-search against h1", "h1 version 1"),
        ("policy:acme/gb-search against h2", "h2 version 1"),
        ("policy:acme/gb-search against h2", "h2 version 3"),
    ]


def test_an_unknown_residency_gets_the_strictest_limit() -> None:
    strict = rule("fr-search", "{residency: [FR]}", limit="PT3S")
    drive = ready(policy(rule(), strict))
    drive.give(Part(events=(event(residency=None),)))
    drive.until(4_000)
    assert [command.cause for command in drive.deletions] == ["policy:acme/fr-search"]


def test_a_timer_that_fires_ahead_of_the_ticks_deletes_nothing() -> None:
    """The end of an input and a drain fire every timer at the end of time."""
    drive = ready()
    drive.give(Part(events=(event(at=1_000),), tick=Instant(5_000)))
    drive.fire(4_000_000_000_000)
    assert drive.deletions == []
    assert drive.ledger.next_wake() == 11_000
    drive.until(11_000)
    assert len(drive.deletions) == 1


def test_a_producer_a_year_ahead_makes_nothing_due() -> None:
    drive = ready()
    year = 365 * 86_400_000
    drive.give(Part(events=(event("now", at=1_000), event("ahead", at=year))))
    drive.until(10_999)
    assert drive.deletions == []
    drive.until(20_000)
    assert {command.record_id for command in drive.deletions} == {"now"}


def test_a_worker_clock_an_hour_ahead_pauses_deletion_until_it_is_right_again() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    outcome = Outcome()
    drive.give(Part(tick=Instant(10_000)))
    drive.ledger.observe_clock(Instant(10_000 + 12 * CLOCK_TOLERANCE), Instant(10_000), outcome)
    assert [item.kind for item in outcome.findings] == ["CLOCK_DIFFERENCE"]
    drive.give(Part(tick=Instant(12_000)))
    drive.fire(12_000)
    assert drive.deletions == []
    drive.ledger.observe_clock(Instant(12_000), Instant(12_000), outcome)
    drive.until(15_000)
    assert len(drive.deletions) == 1


def test_a_hold_blocks_deletion_restricts_at_once_and_its_release_lets_it_go() -> None:
    drive = ready(policy(), hold(records=("r1",)))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(30_000)
    assert [(command.kind, command.cause) for command in drive.commands] == [
        ("RESTRICT", "hold:h1")
    ]
    assert "HELD_PAST_LIMIT" in {item.kind for item in drive.findings}
    drive.give(Part(envelopes=(hold(records=("r1",), version=2, state="released"),)))
    drive.until(31_000)
    assert [command.cause for command in drive.deletions] == ["policy:acme/gb-search"]


def test_a_notice_restricts_at_its_stop_step_and_deletes_at_its_delete_step() -> None:
    order = notice(stop=(2_000, 4_000), delete=(5_000, 9_000))
    drive = ready(policy(rule(limit="PT1H")), order)
    drive.give(Part(events=(event(at=1_000), event("fr", at=1_000, residency="FR"))))
    drive.until(4_000)
    assert [(command.kind, command.cause) for command in drive.commands] == [
        ("RESTRICT", "notice:ico-1/stop")
    ]
    drive.until(5_000)
    [command] = drive.deletions
    assert (command.cause, command.complete_by) == ("notice:ico-1/delete", 9_000)
    assert command.record_id == "r1"


def test_a_withdrawn_notice_commands_nothing_more() -> None:
    stop, delete = (2_000, 4_000), (5_000, 9_000)
    drive = ready(policy(rule(limit="PT1H")), notice(stop=stop, delete=delete))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(3_000)
    drive.give(Part(envelopes=(notice(stop=stop, delete=delete, version=2, state="withdrawn"),)))
    drive.until(50_000)
    assert drive.deletions == []


def test_a_pause_withholds_visibly_and_a_resume_lets_go() -> None:
    drive = ready(policy(), control("pause"))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(20_000)
    assert drive.deletions == []
    assert "WITHHELD" in {item.kind for item in drive.findings}
    drive.give(Part(envelopes=(control("resume", version=2),)))
    drive.until(21_000)
    assert len(drive.deletions) == 1


def test_a_pause_of_one_store_leaves_the_others() -> None:
    drive = ready(policy(), control("pause", "store:images"))
    drive.give(Part(events=(event(stores=("images", "index")),)))
    drive.until(20_000)
    assert [command.store for command in drive.deletions] == ["index"]


def test_a_new_policy_reaches_what_is_already_there() -> None:
    drive = ready(policy(rule(limit="PT1H")))
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(5_000)
    drive.give(Part(envelopes=(policy(rule(limit="PT10S"), version=2),)))
    drive.until(11_000)
    assert len(drive.deletions) == 1


def test_settled_receipts_end_the_life_and_a_replayed_event_does_not_revive_it() -> None:
    drive = ready()
    created = event(at=1_000)
    drive.give(Part(events=(created,)))
    drive.until(11_000)
    drive.answer_all(at=11_500)
    record = drive.ledger.holdings.get(created.record_id)
    assert record is not None
    assert not record.alive
    drive.give(Part(events=(created,)))
    drive.until(100_000)
    assert len(drive.deletions) == 1


def test_a_record_that_comes_back_after_deletion_gets_a_command_of_its_own() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000)
    drive.answer_all(at=11_500)
    drive.give(Part(events=(event(at=20_000),)))
    drive.until(40_000)
    assert len(ids(drive.deletions)) == 2


def test_a_command_without_an_answer_becomes_overdue_once() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(10_000_000)
    assert [item.kind for item in drive.findings] == ["OVERDUE"]
    assert len(drive.deletions) == 1


def test_what_is_overdue_or_expired_may_be_withheld_and_never_have_reached_a_store() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000 + LIFETIME)
    found = {item.kind: item.remedy for item in drive.findings}
    assert set(found) == {"OVERDUE", "EXPIRED"}
    for remedy in found.values():
        assert remedy.startswith("see first whether it is withheld (WITHHELD), else ask the store")


def test_a_receipt_for_an_unknown_command_is_a_finding() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000)
    [command] = drive.deletions
    stranger = ready()
    stranger.commands = [command]
    stranger.answer_all()
    assert [item.kind for item in stranger.findings] == ["UNKNOWN_COMMAND"]


def test_a_receipt_for_an_unknown_record_makes_no_record() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000)
    stranger = ready()
    stranger.commands = drive.deletions
    stranger.answer_all()
    assert stranger.ledger.holdings.get(event().record_id) is None
    assert (stranger.rows, len(stranger.ledger.holdings)) == (0, 0)
    # Where it comes to be known, its command is given again under the same id, and answered again.
    stranger.give(Part(events=(event(at=1_000),)))
    stranger.until(11_000)
    assert ids(stranger.commands) == ids(drive.deletions)
    stranger.answer_all()
    assert stranger.outstanding == 0


def test_a_store_that_refuses_is_a_finding_and_its_later_success_settles() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),)))
    drive.until(11_000)
    drive.answer_all("FAILED")
    assert [item.kind for item in drive.findings] == ["REFUSED_BY_STORE"]
    assert drive.outstanding == 1
    drive.answer_all("COMPLETED")
    assert drive.outstanding == 0


def test_late_ingestion_deletes_what_was_stored_after_the_limit_had_passed() -> None:
    drive = ready()
    drive.until(500_000)
    drive.give(Part(events=(event(at=400_000, collected_at=1_000),)))
    drive.until(500_001)
    [command] = drive.deletions
    assert command.data_until >= 400_000
    assert command.complete_by == 11_000


def test_a_deletion_reported_by_a_clock_a_year_ahead_is_a_finding_and_hides_nothing() -> None:
    drive = ready()
    drive.give(Part(events=(event(at=1_000),), tick=Instant(2_000)))
    drive.give(Part(events=(event(at=365 * 86_400_000, what="deleted"),)))
    assert [item.kind for item in drive.findings] == ["FUTURE_EVENT"]
    drive.until(11_000)
    assert len(drive.deletions) == 1
