"""The command line as a person meets it: arguments in; exit code, output and errors out."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.cli import run as run_module
from pipeline.cli.main import main
from pipeline.settings import Settings


class Said(NamedTuple):
    """What one command answered."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both streams, as one line: where a line breaks is not what a test is about."""
        return " ".join((self.out + self.err).split())


Retention = Callable[..., Said]


@pytest.fixture
def retention(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Retention:
    """Run `retention` with arguments in this process; an exception that escapes is a failure."""
    for name in ("BROKER", "BROKER_SECURITY", "AUTHOR", "KEYRING", "SIGNING_KEY"):
        monkeypatch.delenv(f"RETENTION_{name}", raising=False)
    monkeypatch.delenv("PRISM", raising=False)

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["retention", *map(str, arguments)])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        out, err = capsys.readouterr()
        return Said(code if isinstance(code, int) else int(code is not None), out, err)

    return run


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The address of an empty log."""
    return f"sqlite://{tmp_path}/log.db"


@pytest.fixture
def ready(url: str, retention: Retention) -> str:
    """The address of a log with every topic."""
    said = retention("topics", "create", "--broker", url, "--store", "images")
    assert said.code == 0, said.text
    return url


class Idle:
    """Stands for the supervisor of `retention run`; remembers what it was given."""

    given: list[Settings]

    def __init__(self, settings: Settings, **_: object) -> None:
        Idle.given.append(settings)

    def run(self) -> int:
        return 0

    def stop(self) -> None:
        pass


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings of each job that `retention run` would have started; none starts."""
    Idle.given = []
    monkeypatch.setattr(run_module, "Supervisor", Idle)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return Idle.given
