"""What a person asks of the pipeline, answered from facts alone: pure; no topics, no clock.

`explain` says of one record what follows for it and why, `considered` rule by rule; `telling` puts
that in words. `census` counts a whole inventory. `cases` are findings, open and resolved; `unread`
is what lies in quarantine. `lookup` gathers the facts.
"""
