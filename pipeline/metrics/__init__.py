"""Metrics: what an operator watches, computed from the topics alone.

`catalogue` says what each metric means and what to do when it moves. `standing` is what one record
counts for, `inventory` the sum over records, `kept` what topics tell of that forget, `shards` what
the job measures of itself, `positions` how far it has read. `follower` reads the topics, `figures`
puts the numbers together, `exposition` writes them for Prometheus and `serve` answers it.
`dashboard` makes Grafana's page from the catalogue.
"""
