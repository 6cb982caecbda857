"""The Dockerfile, checked without an engine: stages, sources, user, versions."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy" / "compose" / "Dockerfile").read_text()


class Line(NamedTuple):
    """An instruction, in which stage, with its words."""

    stage: int
    name: str
    words: tuple[str, ...]


def instructions() -> list[Line]:
    joined = re.sub(r"\\\n\s*", " ", TEXT)
    found: list[Line] = []
    stage = -1
    for line in joined.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(" ")
        stage += name == "FROM"
        found.append(Line(stage, name, tuple(shlex.split(rest))))
    return found


LINES = instructions()
STAGES = {
    line.words[2]: line.stage for line in LINES if line.name == "FROM" and len(line.words) > 2
}
LAST = max(line.stage for line in LINES)


def of_last(name: str) -> list[tuple[str, ...]]:
    return [line.words for line in LINES if line.stage == LAST and line.name == name]


def test_every_base_is_pinned_by_a_tag_or_a_stage() -> None:
    bases = [line.words[0] for line in LINES if line.name == "FROM"]
    assert len(bases) == 4
    for base in bases:
        if base not in STAGES:
            assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-[a-z-]+", base), base


def test_a_stage_copies_only_from_stages_before_it() -> None:
    copied = [(line, word) for line in LINES for word in line.words if word.startswith("--from=")]
    assert copied
    for line, word in copied:
        assert STAGES[word.removeprefix("--from=")] < line.stage


def sources() -> list[str]:
    return [
        word
        for line in LINES
        if line.name == "COPY" and not any(w.startswith("--from=") for w in line.words)
        for word in line.words[:-1]
    ]


def test_every_source_exists_and_reaches_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for name in sources():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, f"{name} is kept out by .dockerignore"
    assert {line[1:] for line in ignored if line.startswith("!")} == set(sources())


def test_what_the_build_of_the_wheel_needs_is_there() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    assert 'packages = ["pipeline"]' in project
    assert '"schemas" = "pipeline/wire/schemas"' in project
    assert {"pipeline", "schemas", "README.md", "LICENSE", "pyproject.toml"} <= set(sources())


def test_it_runs_without_rights() -> None:
    [(user,)] = of_last("USER")
    assert int(user) > 0
    [entry] = of_last("ENTRYPOINT")
    assert entry == ("[retention]",)
    project = (ROOT / "pyproject.toml").read_text()
    assert 'retention = "pipeline.cli.main:main"' in project
    created = [words for words in of_last("RUN") if "useradd" in words]
    assert any(user in words for words in created)
    order = [line.name for line in LINES if line.stage == LAST]
    assert order.index("USER") > max(at for at, name in enumerate(order) if name in {"RUN", "COPY"})


def test_everything_from_a_registry_is_checked_by_the_hashes_of_the_lock() -> None:
    installs = [line.words for line in LINES if line.name == "RUN" and {"pip"} & set(line.words)]
    assert installs
    for words in installs:
        offline = "--no-index" in words or "--no-deps" in words
        assert offline or "--require-hashes" in words, words
    assert any("requirements.lock" in words for words in installs)
    lock = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(r"^[a-z][\w.\[\],-]*==", lock, re.MULTILINE)
    assert len(pinned) > 50
    assert re.search(r"^hatchling==", lock, re.MULTILINE), "the wheel is built offline"


def test_python_and_prism_are_the_versions_that_are_tested() -> None:
    [version] = re.findall(r"PRISM_VERSION=(\S+)", TEXT)
    assert f"PRISM_VERSION := {version}\n" in (ROOT / "Makefile").read_text()
    pythons = set(re.findall(r"python:(\d+\.\d+)", TEXT))
    assert pythons == {"3.11"}
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("path", sorted((ROOT / "deploy" / "compose").rglob("*")), ids=str)
def test_no_file_names_a_place_to_download_from(path: Path) -> None:
    if path.is_file():
        found = re.findall(r"https?://[^\s\"']+", path.read_text())
        assert [url for url in found if not url.startswith("http://prometheus:")] == []


def test_the_image_ends_when_it_is_told_to() -> None:
    assert of_last("STOPSIGNAL") == [("SIGTERM",)]
    compose = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
    assert compose["x-retention"]["init"] is True
