"""Beam glue: thin transforms around the pure core.

In the order of the data: `sampler` (the broker's time), `read` (sources), `split` (decode, tag with
origin, group by shard), `sharded` (ledger and governor), `acknowledge` (committed positions).
"""
