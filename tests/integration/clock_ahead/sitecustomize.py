"""Sets the clock of every Python process that finds this folder on its path ahead."""

import os
import time

_ahead = float(os.environ.get("RETENTION_TEST_AHEAD", "0"))
_true_time = time.time
time.time = lambda: _true_time() + _ahead
