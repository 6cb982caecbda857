"""Retention enforcement: personal-data events in, deletion commands out, with the reason for each.

What flows through here, in order: an ingestion *event* is decoded (`wire`), given *tags*
(residency, purpose, category), kept as a *record* in its shard's *ledger* with the limit that the
*rules* of the *documents* in force (policy, notices, holds, controls) give it; what is due passes
the *governor* and leaves as a *command* to a store, which answers with a *receipt*.

`documents`, `records`, `rules`, `ledger` and `governor` are pure. `transports` meet Kafka or
SQLite, `transforms` and `jobs` meet Beam, `cli` meets people. What people ask is answered by
`inquiry`, which is pure, from what `lookup` finds on the topics.
"""
