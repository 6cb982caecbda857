"""`retention status` of what a notice tells a crawler or an officer."""

import json

from pipeline.appointing import appointments
from pipeline.documents import enveloped
from pipeline.identifiers import RecordId
from pipeline.instants import DAY, Instant
from pipeline.ledger.due import owed
from pipeline.records import Record, applied
from tests.cli.conftest import Retention
from tests.cli.topics import Topics
from tests.support.build import notice, planner_of, policy, rule

BEGIN = 400 * DAY
DOCUMENT = policy(rule("a", "{residency: [GB]}", limit="PT240H"), default="PT9600H")


def test_it_is_outstanding_and_no_record(retention: Retention, ready: str) -> None:
    topics = Topics(ready, BEGIN)
    topics.publish(DOCUMENT)
    text = notice(stop=(BEGIN, BEGIN + DAY), delete=(BEGIN + DAY, BEGIN + 9 * DAY)).text
    text = text.replace("action: restrict", "action: stop_collection\n    tell: [crawler]")
    document = enveloped("notices", text, "counsel")
    topics.publish(document)
    told = planner_of(DOCUMENT, document, now=BEGIN)
    [made] = appointments(told.in_force)
    topics.row(owed(applied(None, made), told, Instant(BEGIN), may_delete=True).record)
    topics.row(Record(RecordId("retention:key/9f86d081")))
    topics.broker.close()
    said = retention("status", "--broker", ready, "--json")
    assert said.code == 0, said.text
    counts = json.loads(said.out)["counts"]
    assert counts["outstanding"] == {"STOP_COLLECTION": 1}
    assert counts["records"] == {}
    assert counts["without_limit"] == 0
