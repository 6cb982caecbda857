"""Wire formats: Avro bytes of a topic to checked values, and values to bytes.

In the order of the data: `schemas` (the .avsc files), `admission` (which schemas may be used),
`guard` (which bytes may reach fastavro), `framing` (which schema a message was written with),
`shapes` (dictionaries to values and back), `codec` (the face that the stages use). `plain_json` is
the form for people. Nothing outside this package imports fastavro.
"""
