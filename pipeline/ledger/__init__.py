"""The ledger of one shard: every record's facts, the documents in force, and the next wake.

`parts` is what arrives, `book` the state and its pure transitions, `due` what one record owes now,
`holdings` the records in few bytes, `gate` the wait for history, `wakes` the index of deadlines,
`journal` and `folding` the durable form, `digest` the proof that two ledgers are equal.
"""
