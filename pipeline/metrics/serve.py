"""The exporter: follows the topics in one thread, answers Prometheus in others.

The page is written once a second and handed out as it is, so that a scrape waits for nothing. Until
everything that was there at the start has been read, and when the page is old, the answer is 503:
a counter that is counted up again, or a number that no longer changes, would be believed.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from pipeline.errors import BrokerUnavailable, LogTruncated
from pipeline.metrics.exposition import CONTENT_TYPE, exposition
from pipeline.metrics.follower import Follower

PAGE_SECONDS = 1.0
IDLE_SECONDS = 0.1
BREATH_SECONDS = 0.005
"""Pause between batches once there is a page: threads that answer get the interpreter at once."""
SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter from others that want it."""
STALE_SECONDS = 30.0
"""A page older than this is not served."""
MAX_BACKOFF_SECONDS = 10.0

_LOG = logging.getLogger(__name__)


class _Page(NamedTuple):
    body: bytes
    at: float


class Exporter:
    """Answers `/metrics` and `/healthz` on one address.

    Args:
        follower: makes a reader of the topics; it is made anew when one loses its place.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.

    Raises:
        OSError: the address cannot be listened on.
    """

    def __init__(self, follower: Callable[[], Follower], host: str, port: int) -> None:
        self._make = follower
        self._page: _Page | None = None
        self._trouble = "reading what is there"
        self._server = ThreadingHTTPServer((host, port), self._handler())
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def run(self, stop: threading.Event) -> None:
        """Follow and answer until told to stop.

        Raises:
            RetentionError: what a restart of the reading does not repair, e.g. a missing topic.
        """
        sys.setswitchinterval(SWITCH_SECONDS)
        answering = threading.Thread(target=self._server.serve_forever, name="http", daemon=True)
        answering.start()
        try:
            self._follow(stop)
        finally:
            self._server.shutdown()
            self._server.server_close()

    def _follow(self, stop: threading.Event) -> None:
        pause = IDLE_SECONDS
        follower: Follower | None = None
        try:
            while not stop.is_set():
                try:
                    follower = follower or self._make()
                    busy = self._step(follower)
                    pause = IDLE_SECONDS
                except BrokerUnavailable as error:
                    pause = min(MAX_BACKOFF_SECONDS, max(1.0, pause * 2))
                    self._say(f"{error}; next try in {pause:.0f} s")
                except LogTruncated as error:
                    # Retention overtook the reading: what is left is all there is to read.
                    self._say(f"{error}; reading from the beginning")
                    if follower is not None:
                        follower.close()
                    follower = None
                else:
                    if busy:
                        stop.wait(BREATH_SECONDS if self._page else 0)
                        continue
                stop.wait(pause)
        finally:
            if follower is not None:
                follower.close()

    def _step(self, follower: Follower) -> bool:
        busy = follower.step()
        now = time.monotonic()
        if follower.ready and (self._page is None or now - self._page.at >= PAGE_SECONDS):
            self._page = _Page(exposition(follower.figures()), now)
            self._trouble = ""
        return busy

    def _say(self, what: str) -> None:
        if what != self._trouble:
            _LOG.warning("%s", what)
        self._trouble = what

    def answer(self, path: str) -> tuple[HTTPStatus, bytes]:
        """Return status and body for a path."""
        page = self._page
        fresh = page is not None and time.monotonic() - page.at < STALE_SECONDS
        if path not in ("/metrics", "/healthz"):
            return HTTPStatus.NOT_FOUND, b"/metrics or /healthz\n"
        if page is None or not fresh:
            why = self._trouble or "the numbers are old: the reading is stuck"
            return HTTPStatus.SERVICE_UNAVAILABLE, f"{why}\n".encode()
        return HTTPStatus.OK, page.body if path == "/metrics" else b"ok\n"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10.0

            def do_GET(self) -> None:
                status, body = exporter.answer(self.path.partition("?")[0])
                self.send_response(status)
                self.send_header("Content-Type", CONTENT_TYPE if status == 200 else "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing of every scrape."""

        return Handler
