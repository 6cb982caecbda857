"""A real Prometheus scrapes the real exporter while the real job runs, on each runner."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.commands import Command
from pipeline.errors import InvalidInput
from pipeline.instants import DAY, HOUR, MINUTE, Instant
from pipeline.lookup.findings import all_cases, resolve
from pipeline.lookup.log import Log
from pipeline.lookup.quarantine import dismiss, in_quarantine
from pipeline.metrics.catalogue import METRICS
from pipeline.receipts import Receipt
from pipeline.stories.scene import PATIENCE_SECONDS, Scene, wait_for
from pipeline.testing.ports import free_port
from pipeline.testing.prometheus import LocalExporter, LocalPrometheus
from pipeline.transports.sqlite import SqliteBroker
from tests.integration.panels import EMPTY, panels_without_numbers
from tests.integration.runners import Starter
from tests.support.build import control, event, notice, policy, request, rule

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

START = 1_767_225_600_000  # 2026-01-01T00:00Z
ON = [("sqlite", "prism"), ("kafka", "prism"), ("kafka", "flink")]


@dataclass
class Watched:
    """A scene, and the Prometheus that watches it."""

    scene: Scene
    prometheus: LocalPrometheus
    folder: Path
    port: int

    def exporter(self) -> LocalExporter:
        """Return the scene's exporter, not started yet."""
        return LocalExporter(self.scene, self.folder, self.port)

    def reaches(self, expression: str, expected: float, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until an expression has a value."""
        seen: list[float | None] = []

        def there() -> bool:
            seen.append(self.prometheus.value(expression))
            return seen[-1] == expected

        try:
            wait_for(f"{expression} is {expected}", there, seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {seen[-1]}; {self.scene.describe()}") from None

    def fires(self, *names: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until alerts fire."""
        self._alerts(names, lambda firing: set(names) <= firing, seconds)

    def rests(self, *names: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until alerts fire no more."""
        self._alerts(names, lambda firing: not set(names) & firing, seconds)

    def _alerts(
        self, names: tuple[str, ...], true: Callable[[set[str]], bool], seconds: float
    ) -> None:
        seen: list[set[str]] = []

        def there() -> bool:
            seen.append(set(self.prometheus.alerts()))
            return true(seen[-1])

        try:
            wait_for(", ".join(names), there, seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; firing: {sorted(seen[-1])}") from None


@pytest.fixture
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched]:
    """Over an embedded log, unless a test asks for Kafka."""
    url = f"sqlite://{tmp_path}/log.db"
    if getattr(request, "param", "sqlite") == "kafka":
        url = request.getfixturevalue("kafka").url
    scene = Scene(url, f"t{uuid4().hex[:8]}.", stores=("images", "index"), shards=4)
    port = free_port()
    with LocalPrometheus(tmp_path, port) as prometheus:
        yield Watched(scene, prometheus, tmp_path, port)
    scene.close()


def clock(scene: Scene, now: int) -> None:
    assert isinstance(scene.broker, SqliteBroker)
    scene.broker.set_clock(Instant(now))


@contextmanager
def going_on(scene: Scene) -> Iterator[None]:
    """Let a story's clock move a little all the time: a timer fires only once its time is over."""
    stop = threading.Event()

    def move() -> None:
        while not stop.wait(0.2):
            with suppress(InvalidInput):  # it was moved further meanwhile
                clock(scene, scene.now() + 1)

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(("watched", "start"), ON, indirect=True)
def test_the_numbers_of_a_run_are_what_happened(watched: Watched, start: Starter) -> None:
    scene, now = watched.scene, watched.scene.now()
    scene.publish(policy(rule(limit="PT5S"), default="PT1H"))
    scene.happen(event(f"r{n}", at=now, stores=("images", "index")) for n in range(50))
    scene.happen(event(f"late{n}", at=now, purpose="dpv:CustomerCare") for n in range(30))
    scene.happen(event(f"unknown{n}", at=now, residency=None) for n in range(4))
    for _ in range(3):
        scene.send_raw(b"\x00poison")
    with start(scene, measure_ms=1_000) as job, watched.exporter() as exporter:
        watched.reaches('sum(retention_commands_total{kind="DELETE"})', 104)
        watched.reaches("sum(retention_outstanding_commands)", 104)
        watched.reaches('retention_records{status="ACTIVE",band="RESIDENT"}', 30)
        scene.answer()
        watched.reaches('retention_answered_commands{outcome="COMPLETED"}', 104)
        watched.reaches('retention_records{status="DELETED",band="NONE"}', 54)
        watched.reaches("sum(retention_outstanding_commands)", 0)
        watched.reaches("retention_oldest_outstanding_age_seconds", 0)
        watched.reaches("retention_events_published_total", 87)
        watched.reaches("retention_events_acknowledged_total", 87)
        watched.reaches("retention_receipts_acknowledged_total", 104)
        watched.reaches("sum(retention_quarantined_messages)", 3)
        watched.reaches("sum(retention_consumer_lag_messages)", 0)
        watched.reaches("sum(retention_command_messages_total)", len(scene.commands()))
        watched.reaches("sum(retention_findings)", len({f.finding_id for f in scene.findings()}))
        watched.reaches('retention_limits_due_records{within="1d"}', 30)
        watched.reaches("sum(retention_existing_partitions - retention_assigned_partitions)", 0)
        assert (watched.prometheus.value("retention_watermark_lag_seconds") or 0) < 10
        assert (watched.prometheus.value("retention_shard_time_lag_seconds") or 0) < 30
        assert job.trouble() is None
        # An increase needs a look before it, which may have come after the first commands.
        scene.happen([event("one-more", at=scene.now())])
        watched.reaches('sum(retention_commands_total{kind="DELETE"})', 105)
        assert panels_without_numbers(watched.prometheus) == EMPTY
        # Started again, the exporter says the same, and Prometheus sees no counter begin anew.
        assert exporter.stop() == 0
        watched.reaches("up", 0)
        exporter.__enter__()
        watched.reaches("up", 1)
        watched.reaches('sum(retention_commands_total{kind="DELETE"})', 105)
    for metric in METRICS:
        if metric.type == "counter":
            assert watched.prometheus.value(f"sum(resets({metric.name}[5m]))") == 0, metric.name
    labels = {label for metric in METRICS for label in metric.labels}
    seen = set(watched.prometheus.get("/api/v1/labels", **{"match[]": '{__name__=~"retention.+"}'}))
    assert seen - {"__name__", "job", "instance"} <= labels


@pytest.mark.parametrize("start", ["prism"], indirect=True)  # steps finer than Flink's seconds
def test_alerts_fire_when_they_are_caused_and_rest_when_it_is_over(
    watched: Watched, start: Starter
) -> None:
    """Years of a story's clock are seconds here: what needs days is caused too."""
    scene = watched.scene
    clock(scene, START)
    watched.fires("RetentionExporterDown")
    with watched.exporter(), going_on(scene):
        watched.fires("RetentionPartitionsUnread")
        watched.rests("RetentionExporterDown")
        with start(scene, story=True) as job:
            before_a_policy(watched)
            within_days(watched)
            answers(watched)
            late(watched)
            assert job.trouble() is None
        without_the_job(watched)


def before_a_policy(watched: Watched) -> None:
    scene = watched.scene
    watched.rests("RetentionPartitionsUnread")
    scene.happen(event(f"r{n}", at=START, stores=("images", "index")) for n in range(20))
    scene.happen(event(f"fr{n}", at=START, residency="FR", purpose=None) for n in range(4))
    unknown = (event(f"u{n}", at=START, residency=None, purpose=None) for n in range(12))
    scene.happen(unknown)
    watched.fires("RetentionRecordsWithoutLimit", "RetentionUnknownResidency")
    gb = rule(
        limit="PT24H", match="{residency: [GB], purpose: [dpv:SearchFunctionalities]}", at_most=5
    )
    scene.publish(policy(gb, default="P1Y"))
    watched.rests("RetentionRecordsWithoutLimit")
    scene.send_raw(b"\x00poison")
    watched.fires("RetentionMessagesUnread")
    log = Log.of(scene.broker, scene.topics)
    dismiss(log, in_quarantine(log), "operator", "the producer has published it anew")
    watched.rests("RetentionMessagesUnread")


def within_days(watched: Watched) -> None:
    scene = watched.scene
    days = (START + HOUR, START + 6 * DAY)
    scene.publish(notice(stop=days, delete=days, residency="FR"))
    clock(scene, START + 2 * HOUR)
    scene.publish(request("erasure", "received", received=START - 40 * DAY))
    watched.fires("RetentionNoticeDeadlineNear", "RetentionRequestsDue")
    watched.reaches('retention_notice_scope_records{step="stop"}', 16)
    clock(scene, START + 25 * HOUR)
    watched.fires("RetentionCommandsWithheld", "RetentionCommandsSurge")


def answers(watched: Watched) -> None:
    scene = watched.scene
    wait_for("ten of twenty are let go", lambda: len(gb_deletions(scene)) == 10)
    first, second = gb_deletions(scene)[:2]
    for command, status, remaining in ((first, "FAILED", None), (second, "COMPLETED", 2)):
        at = Instant(START + 25 * HOUR)
        scene.send_receipt(
            Receipt(command.command_id, command.record_id, command.store, status, at, remaining)
        )
    watched.fires("RetentionCommandsRefused", "RetentionFindingErrors", "RetentionStoreDisobeyed")
    log = Log.of(scene.broker, scene.topics)
    disobeyed = [case for case in all_cases(log) if case.finding.kind == "DATA_REMAINS"]
    resolve(log, disobeyed, "operator", "the store's owner has repaired it")
    watched.rests("RetentionStoreDisobeyed")


def gb_deletions(scene: Scene) -> list[Command]:
    return [c for c in scene.deletions() if c.cause.startswith("policy:")]


def late(watched: Watched) -> None:
    scene = watched.scene
    clock(scene, START + 10 * DAY)
    watched.fires(
        "RetentionCommandsOverdue",
        "RetentionCommandsUnanswered",
        "RetentionLimitsPassed",
        "RetentionNoticeDeadlinePassed",
        "RetentionRequestsLate",
    )
    watched.rests("RetentionRequestsDue")
    watched.rests("RetentionNoticeDeadlineNear")
    scene.publish(control("pause", "store:index"))
    watched.reaches("sum(retention_active_pauses)", 1)
    clock(scene, START + 12 * DAY)
    watched.fires("RetentionPauseLasts")
    scene.publish(control("resume", "store:index", version=2))
    watched.rests("RetentionPauseLasts")


def without_the_job(watched: Watched) -> None:
    scene = watched.scene
    scene.producer.send(scene.topics.name("findings"), b"x", b"\x00rubbish")
    for _ in range(100_001):
        scene.producer.send(scene.events_topic, b"x", b"\x00")
    scene.producer.flush()
    clock(scene, START + 12 * DAY + 30 * MINUTE)
    watched.fires(
        "RetentionUnreadableMessages",
        "RetentionConsumerLag",
        "RetentionJobSilent",
        "RetentionWatermarkBehind",
    )


def test_a_clock_that_is_wrong_is_seen_and_pauses_deletion(
    watched: Watched, start: Starter
) -> None:
    """The log's clock is ten minutes ahead of the worker's."""
    scene = watched.scene
    scene.publish(policy(rule(limit="PT1S")))
    scene.happen([event(at=scene.now())])
    clock(scene, scene.now() + 10 * MINUTE)
    with watched.exporter(), start(scene, measure_ms=1):
        watched.fires("RetentionClockDrift", "RetentionDeletionPaused")
        assert scene.deletions() == []


def test_a_deadline_that_the_watermark_does_not_reach_is_late(
    watched: Watched, start: Starter
) -> None:
    scene = watched.scene
    clock(scene, START)
    scene.publish(policy(rule(limit="PT1S")))
    scene.happen([event(at=scene.now())])
    behind = start(scene, story=True, margin_ms=120 * MINUTE)
    with watched.exporter(), going_on(scene), behind:
        clock(scene, START + 60 * MINUTE)
        watched.fires("RetentionDeadlinesLate")
        assert scene.deletions() == []
