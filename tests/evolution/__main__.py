"""Freezes the schemas under the project's version: `make freeze`, once for every release."""

import sys

from tests.evolution.frozen import ROOT, freeze


def main() -> int:
    """Freeze; 1 when the version was released with other schemas."""
    try:
        folder = freeze()
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"frozen in {folder.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
