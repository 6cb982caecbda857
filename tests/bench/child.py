"""Runs one measurement in a process of its own, so that nothing shares its interpreter lock.

`python -m tests.bench.child MODULE ARGUMENTS_JSON` calls `measure(**arguments)` of a module beside
this one and prints its result as one line of JSON.
"""

import importlib
import json
import subprocess
import sys
from typing import Any

from tests.bench.world import ROOT, environment, log_file

MODULES = ("floor", "stages", "memory", "rules")
LIMIT_SECONDS = 1_800


def measured(module: str, **arguments: Any) -> dict[str, float]:
    """Run a module's `measure` in a child and return its result.

    Raises:
        RuntimeError: the child failed; the message names its log.
    """
    log = log_file(module)
    command = [sys.executable, "-m", "tests.bench.child", module, json.dumps(arguments)]
    with log.open("wb") as errors:
        done = subprocess.run(
            command,
            env=environment(),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    if done.returncode != 0:
        said = log.read_text(errors="replace")[-2_000:]
        raise RuntimeError(f"measuring {module} failed; see {log}:\n{said}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(module: str, arguments: str) -> None:
    """Measure here."""
    if module not in MODULES:
        sys.exit(f"`{module}` is not one of {', '.join(MODULES)}")
    found = importlib.import_module(f"tests.bench.{module}").measure(**json.loads(arguments))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
