"""How the pipeline meets a log of messages: Kafka, or SQLite for one machine.

`contract` says what a transport must offer, `open_broker` turns an address into one. A second Kafka
client would be one more module here.
"""

from pipeline.transports.addresses import open_broker

__all__ = ["open_broker"]
