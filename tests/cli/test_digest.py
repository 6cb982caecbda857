"""`retention digest`: equal inventories, equal digests; for people and for programs."""

import json
from pathlib import Path

from pipeline.ledger.inventory import Derived
from pipeline.records import Record, applied
from pipeline.settings import Settings
from pipeline.transports import open_broker
from pipeline.wire.codec import Codec
from tests.cli.conftest import Retention
from tests.support.build import event


def write(url: str, *records: Record) -> None:
    codec = Codec.from_settings(Settings(url))
    with open_broker(url) as broker:
        producer = broker.producer()
        for record in records:
            value = codec.encode_record(record, Derived("ACTIVE"))
            producer.send("retention.records", record.record_id.encode(), value)
        producer.close()


def records(count: int) -> list[Record]:
    return [applied(None, event(f"secret-{number}")) for number in range(count)]


def found(retention: Retention, url: str, *options: str) -> dict[str, object]:
    said = retention("digest", "--broker", url, "--json", *options)
    assert said.code == 0, said.text
    content = json.loads(said.out)
    assert isinstance(content, dict)
    return content


def test_an_empty_inventory_has_a_digest(retention: Retention, ready: str) -> None:
    content = found(retention, ready)
    assert content["records"] == 0
    assert content["shards"] == {}


def test_the_order_of_writing_does_not_matter(
    retention: Retention, ready: str, tmp_path: Path
) -> None:
    other = f"sqlite://{tmp_path}/other.db"
    assert retention("topics", "create", "--broker", other, "--partitions", "2").code == 0
    write(ready, *records(9))
    write(other, *reversed(records(9)))
    assert found(retention, ready) == found(retention, other)


def test_one_changed_fact_changes_the_digest(retention: Retention, ready: str) -> None:
    write(ready, *records(9))
    before = found(retention, ready)
    write(ready, applied(records(9)[0], event("secret-0", purpose="dpv:Marketing")))
    after = found(retention, ready)
    assert after["digest"] != before["digest"]
    assert after["records"] == before["records"] == 9


def test_people_and_programs_are_told_the_same(retention: Retention, ready: str) -> None:
    write(ready, *records(9))
    said = retention("digest", "--broker", ready)
    content = found(retention, ready)
    assert said.text.startswith(f"{content['digest']} 9 records")
    shards = content["shards"]
    assert isinstance(shards, dict)
    for digest in shards.values():
        assert digest in said.text
    assert "secret" not in said.text


def test_the_number_of_shards_is_part_of_what_is_compared(retention: Retention, ready: str) -> None:
    write(ready, *records(9))
    content = found(retention, ready, "--shards", "3")
    shards = content["shards"]
    assert isinstance(shards, dict)
    assert set(shards) <= {"0", "1", "2"}
    assert content["digest"] != found(retention, ready)["digest"]


def test_without_an_inventory_the_remedy_is_named(retention: Retention, url: str) -> None:
    said = retention("digest", "--broker", url)
    assert said.code == 2
    assert "retention topics create" in said.text


def test_a_row_that_cannot_be_read_is_said_in_one_line_with_its_place(
    retention: Retention, ready: str
) -> None:
    with open_broker(ready) as broker:
        producer = broker.producer()
        producer.send("retention.records", b"k", b"\x00rubbish")
        producer.close()
    said = retention("digest", "--broker", ready)
    assert said.code == 1
    assert "retention.records/" in said.text
    assert "offset 0" in said.text
    with open_broker(ready) as broker:
        producer = broker.producer()
        producer.send("retention.records", b"k", None)
        producer.close()
    assert found(retention, ready)["records"] == 0, "what a later row replaces is no matter"
