"""Standard error into a file, that of Prism and of Beam's threads included."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def errors_into(path: Path) -> Iterator[None]:
    """Send standard error of this process and its children to a file for a while."""
    sys.stderr.flush()
    kept = os.dup(2)
    with path.open("w") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
