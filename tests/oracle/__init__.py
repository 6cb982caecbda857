"""A slow oracle of retention, and seeded histories that hold the ledger against it.

Nothing here knows how the ledger works: `oracle` says what the specification asks for at an
instant, from the list of everything that was told until then and nothing else.

`python -m tests.oracle SEED` replays one history.
"""
