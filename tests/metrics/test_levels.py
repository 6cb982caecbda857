"""What alerts stand on: levels that a person's act brings down, however long nobody looked."""

from msgspec.structs import replace

from pipeline.findings import Finding, Quarantined, finding
from pipeline.inquiry.cases import cases, resolving
from pipeline.inquiry.unread import dismissing, mark, unread
from pipeline.instants import DAY, HOUR, Instant
from pipeline.ledger.outcome import Outcome, Row
from pipeline.ledger.parts import Part
from pipeline.metrics.cases import Cases
from pipeline.metrics.illegible import Illegible
from pipeline.metrics.kept import STRIDE
from pipeline.receipts import Receipt
from pipeline.transports.contract import Message, Partition
from pipeline.vocabulary import FindingKind
from tests.metrics.build import START, Desk, read
from tests.support.build import control, event, request


def raised(at: int, occasion: str = "", subject: str = "r1") -> Finding:
    return finding(FindingKind.NO_STORE, subject, "what", "remedy", Instant(at), occasion)


def resolved(*before: Finding) -> Finding:
    (case,) = cases(before)
    return resolving(case, "counsel", "dealt with", Instant(50))


def open_findings(desk: Desk) -> float:
    return desk.value("open_findings", "NO_STORE", "error")


def test_a_finding_is_open_until_somebody_resolves_it(desk: Desk) -> None:
    desk.find([raised(1), raised(2, subject="r2")])
    assert open_findings(desk) == 2
    desk.find([resolved(raised(1))])
    assert open_findings(desk) == 1
    assert desk.value("findings", "NO_STORE", "error") == 2


def test_what_a_job_repeats_after_a_restart_opens_nothing_but_a_new_occasion_does(
    desk: Desk,
) -> None:
    desk.find([raised(1), resolved(raised(1)), raised(60)])
    assert open_findings(desk) == 0
    desk.find([raised(61, "new policy")])
    assert open_findings(desk) == 1
    desk.find([resolved(raised(1), raised(61, "new policy")), raised(70, "new policy")])
    assert open_findings(desk) == 0


def test_the_exporter_and_the_list_of_findings_agree(desk: Desk) -> None:
    told = [raised(1), resolved(raised(1)), raised(60, "b"), raised(3, "c"), raised(70)]
    desk.find(told)
    (case,) = cases(told)
    assert case.is_open
    assert open_findings(desk) == 1


def test_a_shard_whose_time_lags_does_not_keep_a_resolved_finding_open(desk: Desk) -> None:
    desk.find([raised(100), raised(50), resolved(raised(100), raised(50)), raised(40)])
    assert open_findings(desk) == 0


def test_what_its_topic_has_let_go_counts_no_more(desk: Desk) -> None:
    desk.find([raised(1)])
    desk.quarantine(1)
    follower = desk.follower()
    for name in ("findings", "quarantine"):
        topic = desk.scene.topics.name(name)
        desk.scene.broker.truncate(Partition(topic, 0), 1)  # type: ignore[attr-defined]
    there = read(follower).figures()
    assert there["retention_open_findings"]["NO_STORE", "error"] == 0
    assert there["retention_quarantined_messages"][desk.scene.events_topic, "bad_id"] == 0


def test_what_was_overdue_or_refused_is_open_until_the_store_obeys(desk: Desk) -> None:
    desk.happen(*[event(f"r{n}", at=START) for n in range(5)])
    desk.until(START + DAY)
    desk.answer("FAILED")
    desk.until(START + DAY + 2 * HOUR)
    for kind in ("OVERDUE", "REFUSED_BY_STORE"):
        assert desk.value("open_findings", kind, "error") == 5
    desk.answer()
    for kind in ("OVERDUE", "REFUSED_BY_STORE"):
        assert desk.value("open_findings", kind, "error") == 0
        assert desk.value("findings", kind, "error") == 5


def test_a_store_that_disobeys_again_is_told_of_again(desk: Desk) -> None:
    desk.happen(event(at=START))
    desk.until(START + DAY)
    (command,) = desk.scene.commands()

    def remains(at: int) -> None:
        left = Receipt(
            command.command_id, command.record_id, command.store, "COMPLETED", Instant(at), 3
        )
        desk.give(Part(receipts=(left,)))

    def still_open() -> float:
        return desk.value("open_findings", "DATA_REMAINS", "error")

    remains(START + DAY + 1)
    told = [item for item in desk.scene.findings() if item.kind == "DATA_REMAINS"]
    desk.find([resolved(*told)])
    remains(START + DAY + 1)
    assert still_open() == 0, "the same answer, sent again"
    remains(START + DAY + HOUR)
    assert still_open() == 1


def test_what_is_known_of_findings_goes_with_them() -> None:
    followed = Cases()
    followed.add(0, 1, raised(1, "a"))
    followed.add(0, 2, resolved(raised(1, "a")))
    followed.forget(0, 2 * STRIDE)
    assert (followed.counts["NO_STORE", "error"], followed.open_counts["NO_STORE", "error"]) == (
        0,
        0,
    )
    followed.add(0, 2 * STRIDE, raised(1, "a"))
    assert followed.open_counts["NO_STORE", "error"] == 1


def quarantined(desk: Desk) -> float:
    return desk.value("quarantined_messages", desk.scene.events_topic, "bad_id")


def marked(desk: Desk, pointer: Quarantined) -> None:
    desk.send("quarantine", "place", desk.scene.codec.encode_quarantine(pointer))


def test_a_message_waits_until_somebody_replays_or_dismisses_it(desk: Desk) -> None:
    desk.quarantine(1, 2, 3)
    first, second, _ = unread(desk.scene.quarantined())
    assert quarantined(desk) == 3
    marked(desk, mark(first, "operator", Instant(9)))
    marked(desk, dismissing(second, "operator", "published anew", Instant(9)))
    assert quarantined(desk) == 1
    desk.quarantine(1, 2)  # as a job that starts again may read them again
    assert quarantined(desk) == 1


def test_a_refusal_counts_until_the_store_obeys(desk: Desk) -> None:
    desk.happen(*[event(f"r{n}", at=START, stores=("images", "index")) for n in range(3)])
    desk.until(START + DAY)
    desk.answer("FAILED", store="index")
    assert desk.value("refused_commands", "index", "FAILED") == 3
    assert desk.value("refused_commands", "images", "FAILED") == 0
    desk.answer("PARTIAL", store="images")
    assert desk.value("refused_commands", "images", "PARTIAL") == 3
    desk.answer()
    assert desk.value("refused_commands", "index", "FAILED") == 0
    assert desk.value("answered_commands", "COMPLETED") == 6


def test_what_becomes_overdue_while_the_job_stands_is_overdue(desk: Desk) -> None:
    desk.happen(event(at=START))
    desk.until(START + DAY)
    follower = desk.follower()
    desk.clock(START + DAY + 30 * 60_000)
    assert read(follower).figures()["retention_overdue_commands"]["images",] == 0
    desk.clock(START + DAY + HOUR)
    assert read(follower).figures()["retention_overdue_commands"]["images",] == 1
    desk.until(START + DAY + 2 * HOUR)
    assert read(follower).figures()["retention_overdue_commands"]["images",] == 1, "once"


def test_pauses_in_force_are_counted_by_what_they_stop(desk: Desk) -> None:
    def pauses() -> list[float]:
        return [desk.value("active_pauses", scope) for scope in ("all", "store", "rule")]

    assert pauses() == [0, 0, 0]
    desk.publish(
        control("pause", "store:images"),
        control("pause", "store:index"),
        control("pause", "all"),
    )
    assert pauses() == [1, 2, 0]
    desk.publish(control("resume", "all", version=2))
    assert pauses() == [0, 2, 0]


def test_an_unreadable_row_counts_until_one_that_can_be_read_replaces_it(desk: Desk) -> None:
    desk.happen(event("r1", at=START))
    (row,) = desk.scene.rows()
    desk.send("records", "r1", b"\x00poison")
    follower = desk.follower()
    topic = desk.scene.topics.name("records")
    assert follower.figures()["retention_unreadable_messages"][topic,] == 1
    desk.write(Outcome(rows=[Row(replace(row, version=row.version + 1), None)]))
    assert read(follower).figures()["retention_unreadable_messages"][topic,] == 0


def test_a_tombstone_clears_an_unreadable_message_of_its_key(desk: Desk) -> None:
    desk.send("findings", "x", b"\x00poison")
    follower = desk.follower()
    topic = desk.scene.topics.name("findings")
    desk.send("findings", "x", None)
    assert read(follower).figures()["retention_unreadable_messages"][topic,] == 0


def test_unreadable_messages_of_two_partitions_count_each() -> None:
    followed = Illegible()
    for partition in (0, 1):
        followed.add(Message("t", partition, 7, Instant(1), None, b"poison"))
    followed.add(Message("t", 0, 8, Instant(1), b"k", b"poison"))
    assert followed.counts()["t"] == 3
    followed.replaced(Message("t", 1, 9, Instant(1), b"k", b"good"))
    assert followed.counts()["t"] == 3, "a key lies in one partition"
    followed.forget("t", 0, 8)
    assert followed.counts()["t"] == 2


def test_since_when_the_oldest_pause_is_in_force(desk: Desk) -> None:
    desk.publish(control("pause", "store:images"))
    desk.clock(START + DAY)
    desk.publish(control("pause", "store:index"))
    assert desk.value("oldest_pause_timestamp_seconds", "store") == START / 1_000
    desk.publish(control("resume", "store:images", version=2))
    assert desk.value("oldest_pause_timestamp_seconds", "store") == (START + DAY) / 1_000
    assert ("all",) not in desk.figures()["retention_oldest_pause_timestamp_seconds"]


def test_an_unreadable_finding_counts_until_its_topic_lets_it_go(desk: Desk) -> None:
    desk.send("findings", "x", b"\x00poison")
    follower = desk.follower()
    topic = desk.scene.topics.name("findings")
    assert follower.figures()["retention_unreadable_messages"][topic,] == 1
    desk.find([raised(1)])
    desk.scene.broker.truncate(Partition(topic, 0), 1)  # type: ignore[attr-defined]
    follower._counted = float("-inf")
    assert read(follower).figures()["retention_unreadable_messages"][topic,] == 0


def test_requests_are_counted_by_what_was_decided_and_by_when(desk: Desk) -> None:
    def within() -> list[float]:
        return [desk.value("unanswered_requests", name) for name in ("passed", "1d", "7d", "30d")]

    day = START + DAY
    desk.clock(day)
    desk.publish(
        request(received=day), request("objection", "received", request_id="b", received=day)
    )
    assert desk.value("requests", "erasure", "accepted") == 1
    assert desk.value("requests", "objection", "received") == 1
    assert within() == [0, 0, 0, 0], "within 45 days"
    desk.clock(day + 40 * DAY)
    assert within() == [0, 0, 2, 2]
    answered = request(version=2, received=day, more="answered: 2026-01-10T00:00:00Z")
    desk.publish(answered)
    assert within() == [0, 0, 1, 1]
    desk.clock(day + 47 * DAY)
    assert within() == [1, 1, 1, 1]


def test_a_request_does_not_have_the_inventory_read_again(desk: Desk) -> None:
    desk.happen(event("r1", at=START))
    follower = desk.follower()
    before = follower._current
    desk.clock(START + HOUR)
    desk.publish(request(received=START + HOUR))
    assert read(follower)._current is before
    desk.until(START + HOUR + 1)
    there = read(follower).figures()
    assert there["retention_commands_total"]["DELETE", "request"] == 1
    assert there["retention_limits_due_records"]["passed",] == 0
    desk.answer()
    assert read(follower).figures()["retention_records"]["DELETED", "NONE"] == 1
