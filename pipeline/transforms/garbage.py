"""Python's cycle collector in a worker: seldom.

Values here have no cycles, and those of the core are not tracked at all (`gc=False`). What is left
to it are the clients' and Beam's own objects, of which a batch makes thousands and frees them by
counting; looking at them every 700 allocations took a quarter of a worker's time.
"""

import gc

YOUNG = 100_000
"""Allocations less deallocations of tracked objects between two looks at the young ones."""


def collect_seldom() -> None:
    """Set the process's collector; called when a stage is set up, any number of times."""
    if gc.get_threshold()[0] < YOUNG:
        gc.collect()
        gc.freeze()  # what was imported stays
        gc.set_threshold(YOUNG, 20, 100)
