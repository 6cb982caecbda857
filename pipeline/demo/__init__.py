"""`make demo`: a face-search company and its regulator, 2022 to 2026, through the real job.

`story` is what happens, as data; `play` plays it; `outcome` is what came of it, read from topics;
`checks` holds that against the story; `summary` says it on a terminal, `report` in a page.
"""
