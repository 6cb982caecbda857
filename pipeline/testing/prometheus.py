"""Runs a real Prometheus against a real exporter, both on the loopback, data in a folder given."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Self

import yaml

from pipeline.errors import RetentionError
from pipeline.stories.scene import Scene
from pipeline.testing.ports import LOOPBACK, free_port

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
READY_SECONDS = 60.0
STOP_SECONDS = 20.0


class PrometheusFailed(RetentionError):
    """The local Prometheus or exporter did not start or does not answer.

    Operator action: install Prometheus with `make prometheus`; read the log that is named.
    """


class _Process:
    """A command that runs from `__enter__` to `__exit__`; what it prints goes to a log."""

    def __init__(self, name: str, folder: Path, *command: str) -> None:
        self.log = folder / f"{name}.log"
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        path = ":".join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, stdout=out, stderr=out, env=os.environ | {"PYTHONPATH": path}
            )
        return self

    def stop(self) -> int:
        """SIGTERM, then SIGKILL; return the exit code."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        if self._process is not None and self._process.poll() is None:
            self.stop()


class LocalExporter(_Process):
    """`retention metrics` of a scene, on a port of its own."""

    def __init__(self, scene: Scene, folder: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        super().__init__(
            "exporter", folder, sys.executable, "-m", "pipeline", "metrics",
            "--broker", scene.url,
            "--prefix", scene.prefix,
            "--events", scene.events_topic,
            "--group", scene.settings().group,
            "--port", str(self.port),
        )  # fmt: skip

    def page(self) -> str:
        """Return what Prometheus would read.

        Raises:
            OSError: it does not answer, or has no numbers yet.
        """
        url = f"http://{LOOPBACK}:{self.port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())


class LocalPrometheus(_Process):
    """A Prometheus that scrapes a port every second and evaluates the shipped alerts.

    The alerts are those of `deploy/prometheus`, but fire without waiting: `for` is set to 0.
    """

    def __init__(self, folder: Path, scraped: int) -> None:
        program = shutil.which("prometheus")
        if program is None:
            raise PrometheusFailed("prometheus is not on the PATH: make prometheus")
        self._folder = folder
        self._scraped = scraped
        self._url = f"http://{LOOPBACK}:{free_port()}"
        super().__init__(
            "prometheus", folder, program,
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={self._url.removeprefix('http://')}",
        )  # fmt: skip

    def __enter__(self) -> Self:
        """Write its settings, start it, and wait until it answers."""
        rules = self._folder / "alerts.yaml"
        rules.write_text(
            re.sub(r"^( +)for: \w+$", r"\1for: 0s", RULES.read_text(), flags=re.MULTILINE)
        )
        scrape = {
            "job_name": "retention",
            "static_configs": [{"targets": [f"{LOOPBACK}:{self._scraped}"]}],
        }
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [scrape],
        }
        (self._folder / "prometheus.yaml").write_text(yaml.safe_dump(settings))
        super().__enter__()
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.get("/api/v1/alerts")
            except (OSError, urllib.error.URLError) as error:
                if time.monotonic() > deadline:
                    self.__exit__()
                    raise PrometheusFailed(f"no answer within a minute; see {self.log}") from error
                time.sleep(0.1)
            else:
                return self

    def get(self, path: str, **query: str) -> Any:
        """Return `data` of what it answers."""
        url = f"{self._url}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def value(self, expression: str) -> float | None:
        """Return the one number of an expression; None: it has none.

        Raises:
            PrometheusFailed: it has several.
        """
        found = self.get("/api/v1/query", query=expression)["result"]
        if len(found) > 1:
            raise PrometheusFailed(f"{expression} has {len(found)} values")
        return float(found[0]["value"][1]) if found else None

    def alerts(self) -> dict[str, list[dict[str, str]]]:
        """Return the labels of the alerts that fire, by name."""
        found: dict[str, list[dict[str, str]]] = {}
        for alert in self.get("/api/v1/alerts")["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], []).append(alert["labels"])
        return found
