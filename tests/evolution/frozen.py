"""Versions of our schemas that were released: `schemas/released/VERSION/NAME.avsc`."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def versions(root: Path = ROOT) -> tuple[str, ...]:
    """The versions that are frozen, oldest first."""
    names = [path.name for path in (root / "schemas" / "released").iterdir()]
    return tuple(sorted(names, key=lambda name: tuple(map(int, name.split(".")))))


def frozen(version: str, root: Path = ROOT) -> dict[str, Any]:
    """The schemas of a version by name."""
    folder = root / "schemas" / "released" / version
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.avsc"))}


def freeze(root: Path = ROOT) -> Path:
    """Copy the schemas to the folder of the project's version.

    Until the changelog has a heading for the version it is not released, and may be frozen anew.

    Raises:
        ValueError: the version was released with other schemas.
    """
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    folder: Path = root / "schemas" / "released" / version
    now = {path.name: path.read_bytes() for path in (root / "schemas").glob("*.avsc")}
    if _is_released(version, root) and folder.is_dir():
        if {path.name: path.read_bytes() for path in folder.iterdir()} != now:
            raise ValueError(f"{version} was released with other schemas; raise the version first")
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in now.items():
        (folder / name).write_bytes(content)
    return folder


def _is_released(version: str, root: Path) -> bool:
    heading = rf"^## \[?{re.escape(version)}\b"
    return re.search(heading, (root / "CHANGELOG.md").read_text(), re.MULTILINE) is not None
