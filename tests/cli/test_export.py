"""`retention export ropa`: the record of processing, from topics alone, without ids."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pipeline.inquiry.processing import Activity, Register, TimeLimit
from pipeline.instants import DAY
from pipeline.records import Record, applied
from pipeline.wire.ropa import to_csv, to_json_ld
from tests.cli.conftest import Retention
from tests.cli.topics import Topics
from tests.support.build import event, planner_of, policy, rule

BEGIN = 400 * DAY
KEPT = rule("keep", "{residency: [GB]}", limit="P6Y").replace(
    "mode: enforce", "mode: enforce\n    bound: minimum"
)
POLICY = policy(rule("a", "{residency: [GB]}", limit="P6M"), KEPT, default="P1Y")
MAXIMUM = TimeLimit("maximum", "P6M", "collected", "policy:acme/a", "UK GDPR art 5(1)(e)")
MINIMUM = TimeLimit("minimum", "P6Y", "collected", "policy:acme/keep", "UK GDPR art 5(1)(e)")
DEFAULT = TimeLimit("maximum", "P1Y", "collected", "policy:acme/default", "UK GDPR art 5(1)(e)")


def known(record_id: str, **options: object) -> Record:
    return applied(None, event(record_id, at=BEGIN, **options))  # type: ignore[arg-type]


def registered(*records: Record) -> tuple[Activity, ...]:
    register = Register(planner_of(POLICY))
    for record in records:
        register.take(record)
    return register.activities()


@pytest.fixture
def topics(ready: str) -> Iterator[Topics]:
    made = Topics(ready, BEGIN)
    made.publish(POLICY)
    for name, residency in (("r1", "GB"), ("r2", "GB"), ("r3", "FR")):
        made.row(known(name, residency=residency), POLICY)
    yield made
    made.broker.close()


def test_what_records_share_is_one_activity_with_its_limits() -> None:
    first, second = registered(known("r1"), known("r2"), known("r3", residency="FR"))
    assert (first.records, first.residency, first.limits) == (2, ("GB",), (MAXIMUM, MINIMUM))
    assert (second.records, second.residency, second.limits) == (1, ("FR",), (DEFAULT,))
    assert first.purposes == ("dpv:SearchFunctionalities",)
    assert (first.gaps, second.gaps) == ((), ("NO_RULE",))


def test_what_is_gone_is_processed_no_more() -> None:
    gone = applied(known("r1"), event("r1", at=BEGIN + 1, what="deleted"))
    assert registered(known("r1"), msgspec.structs.replace(gone, version=1)) == ()


def test_of_several_rows_the_newest_counts_and_a_removed_one_does_not() -> None:
    register = Register(planner_of(POLICY))
    newer = msgspec.structs.replace(known("r1", residency="FR"), version=2)
    for record in (newer, known("r1")):
        register.take(record)
    assert [one.residency for one in register.activities()] == [("FR",)]
    register.forget(newer.record_id)
    assert register.activities() == ()


def test_a_spreadsheet_gets_one_line_an_activity(
    retention: Retention, ready: str, topics: Topics
) -> None:
    said = retention("export", "ropa", "--broker", ready)
    assert said.code == 0, said.text
    first, second = csv.DictReader(io.StringIO(said.out))
    assert first["records"] == "2"
    assert first["purposes"] == "dpv:SearchFunctionalities"
    assert first["residency of data subjects"] == "GB"
    assert first["time limits for erasure"] == (
        "P6M after collected (UK GDPR art 5(1)(e); policy:acme/a)"
    )
    assert first["duties to keep"].startswith("P6Y after collected")
    assert second["missing"] == "NO_RULE"
    assert "r1" not in said.out
    assert "s-r1" not in said.out


def test_no_cell_is_a_formula() -> None:
    record = msgspec.structs.replace(known("r1"), sources=("=1+1",), recipients=("@x",))
    [line] = csv.DictReader(io.StringIO(to_csv(registered(record))))
    assert (line["sources"], line["recipients"]) == ("'=1+1", "'@x")


def test_json_ld_is_in_terms_of_the_dpv() -> None:
    [process] = json.loads(to_json_ld(registered(known("r1"))))["@graph"]
    assert process["@type"] == "dpv:Process"
    assert process["dpv:hasPurpose"] == [{"@id": "dpv:SearchFunctionalities"}]
    assert process["dpv:hasPersonalData"] == [{"@id": "pd:Picture"}]
    assert process["dpv:hasLocation"] == [{"@id": "loc:GB"}]
    assert process["dpv:hasStorageCondition"] == [
        {"@type": "dpv:StorageLocation", "dct:title": "images"},
        {
            "@type": "dpv:StorageDeletion",
            "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": "P6M"},
            "dct:description": "at the latest after collected",
            "dct:source": "UK GDPR art 5(1)(e)",
            "dct:identifier": "policy:acme/a",
        },
        {
            "@type": "dpv:StorageDuration",
            "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": "P6Y"},
            "dct:description": "at least after collected",
            "dct:source": "UK GDPR art 5(1)(e)",
            "dct:identifier": "policy:acme/keep",
        },
    ]


def test_every_prefix_is_explained() -> None:
    written = json.loads(to_json_ld(registered(known("r1"))))
    prefixes = {term.partition(":")[0] for term in terms(written["@graph"]) if ":" in term}
    assert prefixes == {"dpv", "pd", "loc", "dct", "rdf"}
    assert prefixes <= set(written["@context"])


def terms(found: object) -> Iterator[str]:
    """Yield keys, types and ids: what is read through the context."""
    if isinstance(found, list):
        for one in found:
            yield from terms(one)
    elif isinstance(found, dict):
        for key, value in found.items():
            yield key
            yield from [value] if key in {"@id", "@type"} else terms(value)


def test_it_may_be_written_to_a_file(
    retention: Retention, ready: str, topics: Topics, tmp_path: Path
) -> None:
    file = tmp_path / "ropa.json"
    said = retention("export", "ropa", "--broker", ready, "--format", "json-ld", "--output", file)
    assert (said.code, said.out) == (0, "")
    assert len(json.loads(file.read_text())["@graph"]) == 2
    refused = retention("export", "ropa", "--broker", ready, "--output", tmp_path / "no" / "x.csv")
    assert refused.code == 2
    assert "cannot be written" in refused.text


def test_an_empty_inventory_has_only_a_head(retention: Retention, ready: str) -> None:
    said = retention("export", "ropa", "--broker", ready)
    assert said.code == 0, said.text
    assert said.out.count("\n") == 1
