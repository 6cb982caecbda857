"""What a store lists of itself: three formats, one meaning, and nothing guessed."""

import io
import json
from datetime import UTC, datetime

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from pipeline.events import Evidence, Field, Subject
from pipeline.instants import parse_instant
from pipeline.wire.inventories import FORMATS, MAX_LINE_BYTES, Row, event_of, format_of, rows

TAKEN = "2022-05-18T00:00:00Z"
LINE = {
    "record_id": "img-1",
    "collected_at": "2019-03-01T00:00:00Z",
    "kind": "template",
    "parents": ["img-0"],
    "categories": ["pd:FacialPrint", "pd:Picture"],
    "subjects": [
        {
            "subject_id": "s1",
            "evidence": [
                {
                    "signal": "declared",
                    "territory": "GB",
                    "observed_at": "2019-03-01T00:00:00Z",
                }
            ],
        }
    ],
    "fields": [{"name": "vector", "categories": ["pd:FacialPrint"]}],
}
CSV = (
    "record_id,collected_at,kind,parents,categories,fields,subjects\r\n"
    'img-1,2019-03-01T00:00:00Z,template,img-0,pd:FacialPrint; pd:Picture,"'
    + json.dumps(LINE["fields"]).replace('"', '""')
    + '","'
    + json.dumps(LINE["subjects"]).replace('"', '""')
    + '"\r\n'
)
SCHEMA = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "record_id", "type": "string"},
        {"name": "collected_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "kind", "type": ["null", "string"]},
        {"name": "parents", "type": {"type": "array", "items": "string"}},
        {"name": "categories", "type": {"type": "array", "items": "string"}},
    ],
}


def container(*found: object, schema: object = SCHEMA) -> bytes:
    stream = io.BytesIO()
    fastavro.writer(stream, schema, found)
    return stream.getvalue()


def avro_row(**changes: object) -> dict[str, object]:
    row = {name: value for name, value in LINE.items() if name not in ("subjects", "fields")}
    return row | {"collected_at": datetime(2019, 3, 1, tzinfo=UTC)} | changes


def read(form: str, content: bytes) -> list[Row]:
    return list(rows(io.BytesIO(content), form))


def refusal(row: Row) -> str:
    with pytest.raises(InvalidInput) as caught:
        event_of(row, store="images", event_id="inventory:x", taken_at=TAKEN)
    return str(caught.value)


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("jsonl", json.dumps(LINE).encode() + b"\n"),
        ("csv", CSV.encode()),
        ("csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("avro", container(avro_row())),
    ],
)
def test_every_format_says_the_same(form: str, content: bytes) -> None:
    (row,) = read(form, content)
    event = event_of(row, store="images", event_id="inventory:x", taken_at=TAKEN)
    assert (event.what, event.record_id, event.kind) == ("inventoried", "img-1", "template")
    assert event.collected_at == parse_instant("2019-03-01T00:00:00Z")
    assert event.happened_at == parse_instant(TAKEN)
    assert (event.parents, event.stores) == (("img-0",), ("images",))
    assert event.categories == ("pd:FacialPrint", "pd:Picture")
    if form != "avro":
        evidence = Evidence("declared", "GB", parse_instant("2019-03-01T00:00:00Z"))
        assert event.subjects == (Subject("s1", (evidence,)),)  # type: ignore[arg-type]
        assert event.fields == (Field("vector", ("pd:FacialPrint",)),)


@pytest.mark.parametrize(
    ("form", "content", "place", "says"),
    [
        ("jsonl", b'\n{"record_id": \n', 2, "not JSON"),
        ("jsonl", b"[1]\n", 1, "not a JSON object"),
        ("jsonl", b"[" * 100_000 + b"\n", 1, "not JSON"),
        ("jsonl", b'"' + b"x" * MAX_LINE_BYTES + b'"\n', 1, "longer than"),
        ("jsonl", b'{"collected_at": "2019-03-01T00:00:00Z"}', 1, "`record_id` is missing"),
        ("jsonl", b'{"record_id": "a"}', 1, "`collected_at` is missing"),
        ("jsonl", b'{"record_id": "a", "collected_at": "2019-02-30T00:00:00Z"}', 1, "collected_at"),
        ("jsonl", b'{"record_id": "a", "collected_at": "2023-01-01T00:00:00Z"}', 1, "after the"),
        ("jsonl", b'{"record_id": "a", "collected_at": "2019-01-01"}', 1, "collected_at"),
        (
            "jsonl",
            b'{"record_id": "a", "collected_at": "2019-03-01T00:00:00Z", "x": 1}',
            1,
            "1 unk",
        ),
        (
            "jsonl",
            b'{"record_id": "a", "collected_at": "2019-03-01T00:00:00Z", "stores": ["b"]}',
            1,
            "1 unknown",
        ),
        ("csv", b"record_id,collected_at\na\n", 2, "not as many fields"),
        ("csv", b"record_id,collected_at\na,b,c\n", 2, "not as many fields"),
        ("csv", b"record_id,collected_at\n\xff,2019-03-01T00:00:00Z\n", 2, "not UTF-8"),
        ("csv", b'record_id,collected_at\n"a"b,2019-03-01T00:00:00Z\n', 2, "not CSV"),
        ("csv", b"record_id,collected_at,subjects\na,2019-03-01T00:00:00Z,{\n", 2, "not JSON"),
        ("csv", b"record_id,collected_at\na,yesterday\n", 2, "collected_at"),
        ("avro", container(avro_row(record_id="")), 1, "`record_id` is missing"),
    ],
)
def test_a_row_that_is_wrong_is_refused_with_its_place_and_without_its_values(
    form: str, content: bytes, place: int, says: str
) -> None:
    found = read(form, content)
    assert [row.place for row in found] == [place]
    told = refusal(found[0])
    assert says in told
    assert "yesterday" not in told
    assert "2019-02-30" not in told


@pytest.mark.parametrize(
    ("form", "bad", "good"),
    [
        ("jsonl", b"poison", json.dumps(LINE).encode()),
        ("jsonl", b"x" * (3 * MAX_LINE_BYTES), json.dumps(LINE).encode()),
        ("csv", b'"a"b,2019-03-01T00:00:00Z', b"img-1,2019-03-01T00:00:00Z"),
        ("csv", b'"' + b"a" * 200_000 + b'",2019-03-01T00:00:00Z', b"img-1,2019-03-01T00:00:00Z"),
    ],
)
def test_rows_after_a_wrong_one_are_read(form: str, bad: bytes, good: bytes) -> None:
    head = b"record_id,collected_at\n" if form == "csv" else b""
    first, second = read(form, head + bad + b"\n" + good + b"\n")
    assert first.refused
    event = event_of(second, store="images", event_id="inventory:x", taken_at=TAKEN)
    assert event.record_id == "img-1"


@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        ("csv", b"", "columns record_id"),
        ("csv", b"record_id\na\n", "columns record_id and collected_at"),
        ("csv", b'"record_id"x,collected_at\na\n', "columns record_id"),
        ("avro", container("text", schema="string"), "not of a record"),
        ("avro", b"", "no Avro"),
        ("avro", b"Obj\x01 nonsense", "no Avro"),
        ("avro", container(avro_row())[:-20], "no Avro"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    form: str, content: bytes, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says):
        read(form, content)


@given(form=st.sampled_from(FORMATS), content=st.binary(max_size=300))
def test_no_bytes_break_the_reader(form: str, content: bytes) -> None:
    head = b"record_id,collected_at\n" if form == "csv" else b""
    try:
        found = read(form, head + content)
    except InvalidInput:
        return
    for row in found:
        try:
            event_of(row, store="images", event_id="inventory:x", taken_at=TAKEN)
        except InvalidInput:
            continue


def test_the_format_is_told_by_the_name_of_the_file() -> None:
    assert [format_of(name) for name in ("a.ndjson", "a.CSV", "x.y.avro")] == [*FORMATS]
    with pytest.raises(InvalidInput, match="--format"):
        format_of("inventory.xls")
