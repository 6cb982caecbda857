"""Gathers from topics what `inquiry` answers from, for commands and not for jobs: reads, joins.

Only `quarantine.replay` and `findings.resolve` write.
"""
