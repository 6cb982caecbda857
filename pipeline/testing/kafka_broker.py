"""Runs a real Kafka: one node on the loopback, from its Maven artifacts, data in its own folder.

The settings are in `deploy/local/kafka`; tests get one broker a session from the fixture `kafka`.
"""

import base64
import contextlib
import fcntl
import hashlib
import shutil
import string
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import Self

from pipeline.errors import BrokerUnavailable, RetentionError
from pipeline.testing.ports import LOOPBACK, free_port, listens
from pipeline.testing.processes import kill_group
from pipeline.transports.kafka import KafkaBroker

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180.0
STOP_SECONDS = 15.0

_DEPLOY = ROOT / "deploy" / "local" / "kafka"
_LOG_TAIL = 3_000


class KafkaFailed(RetentionError):
    """The local Kafka or its build did not do what was asked of it.

    Operator action: read the log that the message names.
    """


def fetch_kafka(cache: Path) -> Path:
    """Return the folder of Kafka's jars, `cache/kafka`, fetched by Maven if need be.

    They are fetched again when the pom has changed since; one process at a time.

    Raises:
        KafkaFailed: Java or Maven is missing, or Maven failed.
    """
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise KafkaFailed(f"{tool} is not on the PATH: install a JDK (17 or newer) and Maven")
    jars = cache.resolve() / "kafka"
    jars.mkdir(parents=True, exist_ok=True)
    pom, built = _DEPLOY / "pom.xml", jars / "built"
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()
    with (jars / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if built.exists() and built.read_text() == digest:
            return jars
        built.unlink(missing_ok=True)
        for jar in jars.glob("*.jar"):
            jar.unlink()
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={jars}", f"-Dmaven.repo.local={cache.resolve() / 'maven'}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stdout + done.stderr)[-_LOG_TAIL:]
            raise KafkaFailed(f"Maven cannot fetch Kafka: {said}")
        built.write_text(digest)
    return jars


def filled(name: str, **values: object) -> str:
    """Return a file of `deploy/local/kafka` with the values that it asks for."""
    return string.Template((_DEPLOY / name).read_text()).substitute(values)


class LocalKafka:
    """One Kafka node, running from `__enter__` to `__exit__`.

    `folder` holds its settings, data and log; without one, a temporary folder that goes with it.
    `port` is where it listens; without one, where one is free.
    """

    def __init__(
        self, folder: Path | None = None, *, cache: Path = ROOT / ".cache", port: int | None = None
    ) -> None:
        self._cache = cache
        self._temporary = folder is None
        self._folder = folder or Path(tempfile.gettempdir())
        self._wanted = port
        self._port = self._controller_port = 0
        self._jars = cache
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for `open_broker`."""
        return f"kafka://{LOOPBACK}:{self._port}"

    @property
    def log(self) -> Path:
        """What the broker prints."""
        return self._folder / "kafka.log"

    def __enter__(self) -> Self:
        """Format the storage and start; return when the broker answers."""
        self._jars = fetch_kafka(self._cache)
        if self._temporary:
            self._folder = Path(tempfile.mkdtemp(prefix="retention-kafka-"))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._format()
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.close()

    def close(self) -> None:
        """Stop the broker; remove its folder if it is a temporary one."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=STOP_SECONDS)
            self.kill()
        if self._temporary and self._folder.name.startswith("retention-kafka-"):
            shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Kill -9 the broker, if it runs."""
        if self._process is not None:
            kill_group(self._process)
            self._process = None

    def restart(self) -> None:
        """Start the broker again with its data, on its port; kill it first if it runs."""
        self.kill()
        self._start()

    def _format(self) -> None:
        self._port = free_port() if self._wanted is None else self._wanted
        self._controller_port = free_port()
        (self._folder / "server.properties").write_text(self._settings())
        # 16 bytes in URL-safe base64; one that begins with a dash would be read as an option.
        cluster = base64.urlsafe_b64encode(b"retain" + uuid.uuid4().bytes[:10]).decode().rstrip("=")
        command = self._java(64, "kafka.tools.StorageTool", "format", "--cluster-id", cluster)
        command += ["--config", f"{self._folder}/server.properties", *self._format_options()]
        with self.log.open("ab") as log:
            code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
        if code != 0:
            raise KafkaFailed(f"the storage cannot be formatted:\n{self._tail()}")

    def _settings(self) -> str:
        """Return the text of the server's settings."""
        return filled(
            "server.properties",
            port=self._port,
            controller_port=self._controller_port,
            data=self._folder / "data",
        )

    def _format_options(self) -> list[str]:
        """Return what else the storage is formatted with."""
        return []

    def _start(self) -> None:
        command = self._java(320, "kafka.Kafka", f"{self._folder}/server.properties")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        end = time.monotonic() + READY_SECONDS
        while not self._answers():
            ended = self._process.poll() is not None
            if ended or time.monotonic() > end:
                why = "Kafka ended" if ended else f"{READY_SECONDS:.0f} s passed"
                raise KafkaFailed(f"{why} before it answered:\n{self._tail()}")

    def _answers(self) -> bool:
        if not listens(self._port):
            time.sleep(0.1)
            return False
        with KafkaBroker(self.url, connect_seconds=1.0) as broker:
            try:
                broker.partitions("__consumer_offsets")
            except BrokerUnavailable:
                return False
        return True

    def _java(self, heap_megabytes: int, main: str, *arguments: str) -> list[str]:
        return [
            "java",
            f"-Xmx{heap_megabytes}m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            f"-Dlog4j2.configurationFile={_DEPLOY}/log4j2.properties",
            "-cp",
            f"{self._jars}/*",
            main,
            *arguments,
        ]

    def _tail(self) -> str:
        return f"{self.log}:\n" + self.log.read_text(errors="replace")[-_LOG_TAIL:]
