"""The wheel: built without a network, installed beside its dependencies, run in an empty folder."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from pipeline.wire.schemas import SCHEMAS

ROOT = Path(__file__).parents[2]
NO_NETWORK = {
    "PIP_NO_INDEX": "1",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}


def run(*command: object, cwd: Path, **environment: str) -> str:
    """Run a command; return what it printed.

    Raises:
        AssertionError: it ended with another code than 0.
    """
    inherited = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=inherited | NO_NETWORK | environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        folder,
        cwd=ROOT,
    )
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment that sees our dependencies, and no source of ours."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    programs = folder / "venv" / "bin"
    run(programs / "python", "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=folder)
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    # A folder named here adds its packages, but does not run its own .pth: no editable install.
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return programs


def test_it_holds_the_package_with_its_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"pipeline"}
    for schema in SCHEMAS:
        assert f"pipeline/wire/schemas/{schema}.avsc" in names
    for path in (ROOT / "schemas" / "released").rglob("*.avsc"):
        assert f"pipeline/wire/schemas/{path.relative_to(ROOT / 'schemas')}" in names
    for data in ("vocabulary/purposes.csv", "demo/report.html.j2", "inquiry/explain.py"):
        assert f"pipeline/{data}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any("__pycache__" in name for name in names)


def test_every_module_of_the_source_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "pipeline").rglob("*.py")}
    assert modules - names == set()


def test_the_code_that_runs_is_that_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    said = run(
        installed / "python", "-c", "import pipeline; print(pipeline.__file__)", cwd=tmp_path
    )
    assert Path(said.strip()).is_relative_to(installed.parent)


def test_it_helps_and_checks(installed: Path, tmp_path: Path) -> None:
    said = run(installed / "retention", "--help", cwd=tmp_path)
    for verb in ("run", "explain", "status", "findings", "quarantine"):
        assert verb in said
    policy = ROOT / "deploy" / "examples" / "policy.yaml"
    assert f"good {policy}" in run(installed / "retention", "check", policy, cwd=tmp_path)


def test_it_works_on_a_log_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    broker = {"RETENTION_BROKER": "sqlite://log.db"}
    retention = installed / "retention"
    run(retention, "topics", "create", "--store", "images", cwd=tmp_path, **broker)
    events = ROOT / "deploy" / "examples" / "events.jsonl"
    run(retention, "publish", "event", events, cwd=tmp_path, **broker)
    said = run(retention, "status", cwd=tmp_path, **broker)
    assert "6 behind" in said
    assert "0 open findings" in run(retention, "findings", "list", cwd=tmp_path, **broker)
