"""Mutation testing of what decides over deletion: `make mutation`.

`mutmut` changes one thing at a time in the modules that `pyproject.toml` names, and runs tests;
a change that no test notices has survived. Changes of wording alone are counted as survivors too.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parents[1]
LOG = ROOT / ".cache" / "mutation.log"


def main() -> int:
    """Run it and print the score; return 1 when it could not be run."""
    console = Console(highlight=False)
    mutmut = [sys.executable, "-m", "mutmut"]
    LOG.parent.mkdir(exist_ok=True)
    console.print(f"Changing one thing at a time; this takes minutes. Progress: {LOG}")
    with LOG.open("w") as log:
        ran = subprocess.run([*mutmut, "run"], cwd=ROOT, stdout=log, stderr=log, check=False)
    if ran.returncode:
        console.print(f"mutmut failed with {ran.returncode}; see {LOG}")
        return 1
    subprocess.run([*mutmut, "export-cicd-stats"], cwd=ROOT, check=True, capture_output=True)
    stats = json.loads((ROOT / "mutants" / "mutmut-cicd-stats.json").read_text())
    results = subprocess.run(
        [*mutmut, "results"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    survived = Counter(
        line.strip().partition("__mutmut")[0]
        for line in results.stdout.splitlines()
        if line.endswith("survived")
    )
    for name, count in survived.most_common():
        console.print(f"  {count:4}  {name}")
    caught = stats["killed"] + stats["timeout"]
    console.print(
        f"{caught:,} of {stats['total']:,} changes were noticed: {caught / stats['total']:.1%}; "
        f"{stats['survived']:,} survived."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
