"""The catalogue: every metric once. What is exported, shown and alerted on is checked against it.

Names follow Prometheus: base units, `_total` for what only grows, the unit last. Labels have few
values: stores, notices and topics by name, and words of the vocabulary; never an id of a record, a
person or a command.
"""

from pipeline.metrics.of_job import FLOW, WATCHING
from pipeline.metrics.of_records import ASKED, COMMANDING, INVENTORY

METRICS = FLOW + INVENTORY + ASKED + COMMANDING + WATCHING
BY_NAME = {metric.name: metric for metric in METRICS}
