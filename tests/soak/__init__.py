"""Long runs: a job that is killed again and again, and one that has lost all of its state.

`python -m tests.soak kills --runner prism|flink` and `python -m tests.soak rebuild`; each prints
what it saw, and ends with 1 if a promise was broken. `make soak` runs them all.
"""
