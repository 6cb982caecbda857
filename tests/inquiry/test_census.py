"""Counting an inventory: what stands where, what is due, outstanding, overdue and not yet sent."""

import msgspec

from pipeline.appointing import appointments
from pipeline.documents import Envelope, enveloped
from pipeline.inquiry.census import Census, Counts, Due
from pipeline.inquiry.overview import SILENT_AFTER, Pulse
from pipeline.instants import DAY, HOUR, MAX_INSTANT, Instant
from pipeline.ledger.due import owed
from pipeline.receipts import answered_with
from pipeline.records import Record, applied
from tests.support.build import event, hold, notice, planner_of, policy, rule

BEGIN = 1_000


def days(count: int) -> Envelope:
    return policy(rule("a", "{residency: [GB]}", limit=f"PT{count * 24}H"), default="PT9600H")


def known(record_id: str = "r1", **options: object) -> Record:
    return applied(None, event(record_id, at=BEGIN, **options))  # type: ignore[arg-type]


def counted(*records: Record, documents: tuple[Envelope, ...], now: int = BEGIN) -> Counts:
    census = Census(planner_of(*documents))
    for record in records:
        census.take(record)
    return census.counts(Instant(now))


def issued(*documents: Envelope, at: int, record: Record | None = None) -> Record:
    return owed(record or known(), planner_of(*documents), Instant(at), may_delete=True).record


def test_an_empty_inventory_counts_nothing() -> None:
    assert counted(documents=()) == Counts()


def test_a_step_of_a_notice_is_no_record_and_is_waited_for() -> None:
    text = notice(stop=(BEGIN, DAY), delete=(DAY, 9 * DAY)).text
    text = text.replace("action: restrict", "action: stop_collection\n    tell: [crawler]")
    told = planner_of(days(9), enveloped("notices", text, "counsel"))
    [made] = appointments(told.in_force)
    step = owed(applied(None, made), told, Instant(BEGIN), may_delete=True).record
    census = Census(told)
    census.take(step)
    found = census.counts(Instant(2 * DAY))
    assert (found.outstanding, found.overdue) == ({"STOP_COLLECTION": 1}, {"crawler": 1})
    assert (found.records, found.without_limit, found.due, found.oldest_at) == ({}, 0, Due(), BEGIN)


def test_what_is_due_ahead_includes_what_is_due_before() -> None:
    documents = (
        policy(
            *[rule(f"d{n}", f"{{source: [s{n}]}}", limit=f"PT{n * 24}H") for n in (1, 7, 30, 31)],
            default="PT9600H",
        ),
    )
    found = []
    for n in (1, 7, 30, 31):
        record = msgspec.structs.replace(known(f"r{n}"), sources=(f"s{n}",))
        found.append(record)
    assert counted(*found, documents=documents).due == Due(0, 1, 2, 3)
    later = counted(*found, documents=documents, now=BEGIN + DAY).due
    assert later == Due(1, 1, 2, 4)
    assert counted(*found, documents=documents, now=BEGIN + DAY - 1).due.passed == 0


def test_held_records_are_not_due() -> None:
    documents = (days(1), hold(records=("r1",)))
    counts = counted(known(), known("r2"), documents=documents)
    assert (counts.due, counts.held) == (Due(0, 1, 1, 1), 1)


def test_without_a_policy_records_have_no_limit_and_that_is_counted() -> None:
    counts = counted(known(), documents=())
    assert (counts.without_limit, counts.due) == (1, Due())


def test_what_cannot_be_worked_out_has_no_limit() -> None:
    future = applied(None, event(at=MAX_INSTANT - 1))
    assert counted(future, documents=(days(1),)).without_limit == 1


def test_records_are_counted_by_status_once_and_the_newest_version_counts() -> None:
    first = known()
    gone = msgspec.structs.replace(
        applied(first, event(at=2_000, what="deleted")), version=first.version + 1
    )
    documents = (days(1),)
    assert counted(first, gone, known("r2"), documents=documents).records == {
        "DELETED": 1,
        "ACTIVE": 1,
    }
    assert counted(gone, first, documents=documents).records == {"DELETED": 1}
    assert counted(gone, documents=documents).due == Due()


def test_a_row_that_was_removed_counts_no_more() -> None:
    census = Census(planner_of(days(1)))
    census.take(known())
    census.forget(known().record_id)
    census.forget(known().record_id)
    assert census.counts(Instant(BEGIN)) == Counts()


def test_outstanding_commands_are_counted_with_the_oldest() -> None:
    documents = (days(1),)
    record = issued(*documents, at=BEGIN + DAY)
    other = issued(*documents, at=BEGIN + 2 * DAY, record=known("r2", stores=("images", "index")))
    counts = counted(record, other, documents=documents)
    assert counts.outstanding == {"DELETE": 3}
    assert counts.oldest_at == BEGIN + DAY
    assert counts.records == {"DELETE_COMMANDED": 2}


def test_what_is_overdue_is_counted_by_store_from_the_ledgers_own_deadline() -> None:
    documents = (days(1),)
    record = issued(*documents, at=BEGIN + DAY)
    deadline = BEGIN + DAY + HOUR
    assert counted(record, documents=documents, now=deadline - 1).overdue == {}
    assert counted(record, documents=documents, now=deadline).overdue == {"images": 1}


def test_what_is_settled_is_not_outstanding() -> None:
    documents = (days(1),)
    record = issued(*documents, at=BEGIN + DAY)
    done = tuple(answered_with(item, "COMPLETED", Instant(BEGIN + DAY)) for item in record.issued)
    counts = counted(msgspec.structs.replace(record, issued=done), documents=documents)
    assert (counts.outstanding, counts.oldest_at, counts.records) == ({}, None, {"DELETED": 1})


def test_a_deletion_that_no_store_was_given_is_not_sent() -> None:
    documents = (days(1),)
    record = issued(*documents, at=BEGIN + DAY)
    census = Census(planner_of(*documents))
    census.take(record)
    assert census.counts(Instant(BEGIN)).unsent == 1
    census.sent(record.issued[0].command_id)
    assert census.counts(Instant(BEGIN)).unsent == 0


def test_what_a_store_has_answered_was_sent_though_its_topic_keeps_it_no_more() -> None:
    documents = (days(1),)
    record = issued(*documents, at=BEGIN + DAY)
    working = tuple(
        answered_with(item, "IN_PROGRESS", Instant(BEGIN + DAY)) for item in record.issued
    )
    counts = counted(msgspec.structs.replace(record, issued=working), documents=documents)
    assert (counts.outstanding, counts.unsent) == ({"DELETE": 1}, 0)


def test_a_restriction_is_never_withheld() -> None:
    documents = (days(400), notice(stop=(BEGIN, 9_000), delete=(90_000_000, 99_000_000)))
    record = issued(*documents, at=BEGIN)
    counts = counted(record, documents=documents)
    assert (counts.outstanding, counts.unsent) == ({"RESTRICT": 1}, 0)
    assert counts.records == {"RESTRICTED": 1}


# -- whether the job runs --------------------------------------------------------------------------


def test_a_job_that_measured_nothing_was_never_heard_of() -> None:
    job = Pulse().job(Instant(BEGIN))
    assert (job.heard_at, job.alive, job.shards) == (None, False, 0)


def test_a_job_is_alive_while_its_newest_measurement_is_recent() -> None:
    pulse = Pulse()
    pulse.take("ledger_now_ms", 0, 500.0, Instant(BEGIN))
    pulse.take("ledger_now_ms", 1, 400.0, Instant(BEGIN - 100))
    pulse.take("ledger_unreviewed_records", 1, 7.0, Instant(BEGIN))
    job = pulse.job(Instant(BEGIN + SILENT_AFTER))
    assert (job.alive, job.shards, job.slowest_at, job.unreviewed) == (True, 2, 400, 7)
    assert job.heard_at == BEGIN
    assert not pulse.job(Instant(BEGIN + SILENT_AFTER + 1)).alive


def test_shards_of_a_former_job_count_for_nothing() -> None:
    pulse = Pulse()
    for shard in range(3):
        pulse.take("ledger_now_ms", shard, 500.0 - 100 * shard, Instant(BEGIN))
        pulse.take("ledger_unreviewed_records", shard, 1.0, Instant(BEGIN))
    pulse.take("job_shards", 0, 2.0, Instant(BEGIN))
    job = pulse.job(Instant(BEGIN))
    assert (job.shards, job.slowest_at, job.unreviewed) == (2, 400, 2)


def test_numbers_of_another_name_count_as_a_sign_of_life() -> None:
    pulse = Pulse()
    pulse.take("anything", 0, 1.0, Instant(BEGIN))
    assert pulse.job(Instant(BEGIN)).alive


def test_what_a_notice_orders_is_due_by_its_deadline_and_what_must_be_kept_only_after() -> None:
    kept = rule("keep", "{residency: [GB]}", limit="PT480H").replace(
        "mode: enforce", "mode: enforce\n    bound: minimum"
    )
    later = (BEGIN + 5 * DAY, BEGIN + 6 * DAY)
    ordered = (days(300), notice(stop=later, delete=later))
    assert counted(known(), documents=ordered).due == Due(in_7_days=1, in_30_days=1)
    maximum = rule("a", "{residency: [GB]}", limit="PT24H")
    held_up = (policy(maximum, kept, default="PT9600H"),)
    assert counted(known(), documents=held_up).due == Due(in_30_days=1)


def test_what_is_restricted_counts_whatever_else_was_commanded() -> None:
    orders = notice(stop=(BEGIN, BEGIN + DAY), delete=(BEGIN, BEGIN + DAY))
    record = issued(days(300), orders, at=BEGIN + 10)
    counts = counted(record, documents=(days(300), orders), now=BEGIN + 20)
    assert (counts.records, counts.restricted) == ({"DELETE_COMMANDED": 1}, 1)
