"""`retention metrics` as an operator starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from pipeline.testing.jobs import ROOT
from pipeline.testing.ports import LOOPBACK, free_port
from tests.cli.conftest import Retention


def test_it_serves_until_sigterm_and_ends_with_0(ready: str) -> None:
    port = free_port()
    command = [sys.executable, "-m", "pipeline", "metrics", "--broker", ready, "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            page = fetched(f"http://{LOOPBACK}:{port}/metrics")
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert process.returncode == 0, err
    assert time.monotonic() - began < 5
    assert f"metrics on http://127.0.0.1:{port}/metrics" in err
    assert (out, "Traceback" in err) == ("", False)
    assert re.search(r"^retention_unlimited_records 0\.0$", page, re.MULTILINE)


def fetched(url: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                body: bytes = answer.read()
                return body.decode()
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_without_topics_the_remedy_is_named(retention: Retention, url: str) -> None:
    said = retention("metrics", "--broker", url, "--port", "0")
    assert said.code == 2
    assert "retention topics create" in said.text


def test_a_port_that_is_taken_is_said_in_one_line(retention: Retention, ready: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        said = retention("metrics", "--broker", ready, "--port", port)
    assert said.code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in said.text
    assert "Traceback" not in said.text
