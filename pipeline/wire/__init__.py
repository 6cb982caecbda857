"""Wire formats: Avro bytes of a topic to checked values, and values to bytes.

In the order of the data: `schemas` (the .avsc files), `admission` (which schemas may be used),
`reading` and `writing` (bytes of our own schemas), `guard` and `resolved` (bytes of others'
schemas, which go through fastavro), `framing` (which schema a message was written with), `codec`
(the face that the stages use). `plain_json` is the form for people. Nothing else imports fastavro.
"""
