"""The exporter over HTTP: what it answers while it reads, when it is there, when it is stuck."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pipeline.errors import BrokerUnavailable, LogTruncated
from pipeline.metrics import serve
from pipeline.metrics.follower import Follower
from pipeline.metrics.serve import Exporter
from pipeline.stories.scene import wait_for
from tests.metrics.build import START, Desk
from tests.support.build import event


def get(exporter: Exporter, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{exporter.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


@contextmanager
def running(make: Callable[[], Follower]) -> Iterator[Exporter]:
    exporter, stop = Exporter(make, "127.0.0.1", 0), threading.Event()
    thread = threading.Thread(target=exporter.run, args=(stop,))
    thread.start()
    try:
        yield exporter
    finally:
        stop.set()
        thread.join(timeout=10)
        assert not thread.is_alive()


def follower_of(desk: Desk) -> Callable[[], Follower]:
    return lambda: Follower(desk.scene.broker, desk.scene.settings())


def test_it_answers_with_numbers_and_health(desk: Desk) -> None:
    desk.happen(event(at=START))
    with running(follower_of(desk)) as exporter:
        wait_for("a page", lambda: get(exporter, "/metrics")[0] == 200, every=0.05)
        status, page = get(exporter, "/metrics?x=1")
        assert status == 200
        assert 'retention_records{band="RESIDENT",status="ACTIVE"} 1.0' in page
        assert get(exporter, "/healthz") == (200, "ok\n")
        assert get(exporter, "/")[0] == 404
        desk.happen(event("r2", at=START))
        told = 'retention_records{band="RESIDENT",status="ACTIVE"} 2.0'
        wait_for("the next page", lambda: told in get(exporter, "/metrics")[1], every=0.05)


def test_before_everything_is_read_it_answers_503(desk: Desk) -> None:
    """A counter that began at 0 again would look like as many new commands."""

    class Slow(Follower):
        @property
        def ready(self) -> bool:
            return ready.is_set() and super().ready

    ready = threading.Event()
    with running(lambda: Slow(desk.scene.broker, desk.scene.settings())) as exporter:
        time.sleep(0.5)
        assert get(exporter, "/metrics") == (503, "reading what is there\n")
        assert get(exporter, "/healthz")[0] == 503
        ready.set()
        wait_for("a page", lambda: get(exporter, "/metrics")[0] == 200, every=0.05)


def test_a_broker_that_is_away_is_said_and_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "STALE_SECONDS", 0.5)
    away = threading.Event()

    class Cut(Follower):
        def step(self) -> bool:
            if away.is_set():
                raise BrokerUnavailable("the broker does not answer")
            return super().step()

    monkeypatch.setattr(serve, "PAGE_SECONDS", 0.0)
    with running(lambda: Cut(desk.scene.broker, desk.scene.settings())) as exporter:
        wait_for("a page", lambda: get(exporter, "/metrics")[0] == 200, every=0.05)
        away.set()
        wait_for("it is said", lambda: get(exporter, "/metrics")[0] == 503, every=0.05)
        assert "the broker does not answer" in get(exporter, "/healthz")[1]
        away.clear()
        wait_for("it goes on", lambda: get(exporter, "/metrics")[0] == 200, every=0.05)


def test_a_reading_that_is_stuck_is_not_served_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "STALE_SECONDS", 0.3)
    stuck = threading.Event()

    class Stuck(Follower):
        def step(self) -> bool:
            if stuck.is_set():
                free.wait(20)
            return super().step()

    free = threading.Event()
    with running(lambda: Stuck(desk.scene.broker, desk.scene.settings())) as exporter:
        wait_for("a page", lambda: get(exporter, "/metrics")[0] == 200, every=0.05)
        stuck.set()
        wait_for("it is old", lambda: get(exporter, "/metrics")[0] == 503, every=0.05)
        assert "stuck" in get(exporter, "/healthz")[1]
        free.set()


def test_a_place_that_retention_removed_is_read_from_the_beginning(desk: Desk) -> None:
    made: list[Follower] = []

    class Truncated(Follower):
        def step(self) -> bool:
            if len(made) == 1 and self.ready:
                raise LogTruncated("history is missing")
            return super().step()

    def make() -> Follower:
        made.append(Truncated(desk.scene.broker, desk.scene.settings()))
        return made[-1]

    with running(make) as exporter:
        wait_for("it reads again", lambda: len(made) == 2, every=0.05)
        wait_for("a page", lambda: get(exporter, "/metrics")[0] == 200, every=0.05)
