"""Events: every word is checked, and a refusal repeats nothing that a producer sent."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Undecodable
from pipeline.events import MAX_ITEMS, Event, Evidence, Field, Subject, checked
from pipeline.identifiers import MAX_ID_BYTES, MAX_STORE_BYTES, SubjectId
from pipeline.instants import LATEST_FACT, Instant
from tests.support.build import event

SECRET = "jane.doe@example.org"


def changed(**changes: Any) -> Event:
    return msgspec.structs.replace(event(), **changes)


def evidenced(signal: str = "declared", territory: str = "GB", at: int = 1) -> Event:
    evidence = (Evidence(signal, territory, Instant(at)),)
    return changed(subjects=(Subject(SubjectId("s1"), evidence),))


def test_a_good_event_passes_as_the_same_object() -> None:
    good = event()
    assert checked(good) is good


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"what": SECRET}, "unknown_word"),
        ({"what": "CREATED"}, "unknown_word"),
        ({"kind": SECRET}, "unknown_word"),
        ({"purpose": SECRET}, "unknown_word"),
        ({"purpose": ""}, "unknown_word"),
        ({"lawful_basis": SECRET}, "unknown_word"),
        ({"categories": ("pd:Picture", SECRET)}, "unknown_word"),
        ({"fields": (Field("photo", (SECRET,)),)}, "unknown_word"),
        ({"fields": (Field(SECRET),)}, "bad_id"),
        ({"fields": (Field(""),)}, "bad_id"),
        ({"fields": (Field("f" * (MAX_STORE_BYTES + 1)),)}, "bad_id"),
        ({"fields": (Field("f"),) * (MAX_ITEMS + 1)}, "too_many"),
        ({"fields": (Field("f", ("pd:Name",) * 501),) * 2}, "too_many"),
        ({"event_id": ""}, "bad_id"),
        ({"record_id": ""}, "bad_id"),
        ({"record_id": SECRET * MAX_ID_BYTES}, "bad_id"),
        ({"parents": ("",)}, "bad_id"),
        ({"stores": ("images", "")}, "bad_id"),
        ({"recipients": (SECRET * MAX_ID_BYTES,)}, "bad_id"),
        ({"subjects": (Subject(SubjectId("")),)}, "bad_id"),
        ({"subjects": (Subject(SubjectId(SECRET * MAX_ID_BYTES)),)}, "bad_id"),
        ({"source": SECRET * MAX_ID_BYTES}, "bad_id"),
        ({"natural_key_hash": SECRET * MAX_ID_BYTES}, "bad_id"),
        ({"stores": (SECRET,)}, "bad_id"),
        ({"parents": tuple(map(str, range(MAX_ITEMS + 1)))}, "too_many"),
        ({"subjects": (Subject(SubjectId("s")),) * (MAX_ITEMS + 1)}, "too_many"),
        ({"parents": ("p", "r1")}, "own_parent"),
        ({"happened_at": -1}, "impossible_date"),
        ({"happened_at": 0}, "impossible_date"),
        ({"happened_at": LATEST_FACT + 1}, "impossible_date"),
        ({"collected_at": -1}, "impossible_date"),
        ({"collected_at": LATEST_FACT + 1}, "impossible_date"),
    ],
)
def test_what_is_wrong_is_refused_by_name_without_repeating_it(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Undecodable) as caught:
        checked(changed(**changes))
    assert caught.value.reason == reason
    assert SECRET not in str(caught.value)
    [field] = changes
    if reason in {"unknown_word", "impossible_date"}:
        assert f"`{field}`" in caught.value.detail


@pytest.mark.parametrize("signal", ["nationality", "name", "appearance", "ethnicity"])
def test_evidence_that_the_law_calls_irrelevant_is_refused(signal: str) -> None:
    with pytest.raises(Undecodable) as caught:
        checked(evidenced(signal))
    assert caught.value.reason == "prohibited_signal"


@pytest.mark.parametrize(("given_", "kept"), [("UK", "GB"), ("EL", "GR"), ("US-CA", "US-CA")])
def test_territories_are_normalised(given_: str, kept: str) -> None:
    [subject] = checked(evidenced(territory=given_)).subjects
    assert subject.evidence[0].territory == kept


@pytest.mark.parametrize("code", ["", "gb", "XX", "EU", SECRET, "GB "])
def test_an_unknown_territory_is_refused_without_repeating_it(code: str) -> None:
    with pytest.raises(Undecodable) as caught:
        checked(evidenced(territory=code))
    assert caught.value.reason == "unknown_territory"
    assert SECRET not in str(caught.value)


def test_too_much_evidence_and_an_impossible_observation_are_refused() -> None:
    one = Evidence("declared", "GB", Instant(1))
    many = changed(subjects=(Subject(SubjectId("s"), (one,) * (MAX_ITEMS + 1)),))
    with pytest.raises(Undecodable, match="too_many"):
        checked(many)
    with pytest.raises(Undecodable, match="impossible_date"):
        checked(evidenced(at=-5))


@pytest.mark.parametrize("field", ["parents", "stores", "recipients", "categories"])
def test_no_list_is_unbounded(field: str) -> None:
    word = "pd:Picture" if field == "categories" else "x"
    with pytest.raises(Undecodable) as caught:
        checked(changed(**{field: (word,) * (MAX_ITEMS + 1)}))
    assert caught.value.reason == "too_many"


EVERY_TEXT = ("event_id", "record_id", "source", "natural_key_hash", "parents", "recipients")


@pytest.mark.parametrize("field", [*EVERY_TEXT, "subjects"])
@pytest.mark.parametrize("letter", ["a", "é", "漢", "😀"])
def test_a_text_is_as_long_as_its_bytes_not_its_characters(field: str, letter: str) -> None:
    def said(text: str) -> Event:
        many = {"parents": (text,), "recipients": (text,), "subjects": (Subject(SubjectId(text)),)}
        return changed(**{field: many.get(field, text)})

    most = MAX_ID_BYTES // len(letter.encode())
    assert checked(said(letter * most)) == said(letter * most)
    with pytest.raises(Undecodable) as caught:
        checked(said(letter * (most + 1)))
    assert caught.value.reason == "bad_id"
    assert letter * 2 not in caught.value.detail


@pytest.mark.parametrize("name", ["images", "eu-1.faces_v2", "A" * MAX_STORE_BYTES, "0", "..a"])
def test_a_store_may_be_called_what_a_topic_may(name: str) -> None:
    assert checked(changed(stores=(name,))).stores == (name,)


@pytest.mark.parametrize(
    "name", ["", "a b", "a/b", "bilder-ü", "images\n", "a:b", "*", "A" * (MAX_STORE_BYTES + 1)]
)
def test_a_store_that_could_have_no_topic_is_refused(name: str) -> None:
    with pytest.raises(Undecodable) as caught:
        checked(changed(stores=("images", name)))
    assert caught.value.reason == "bad_id"


def test_the_categories_of_fields_are_normalised_as_those_of_the_whole() -> None:
    said = checked(
        changed(fields=(Field("photo", ("https://w3id.org/dpv/pd#Picture",)), Field("blob")))
    )
    assert said.fields == (Field("photo", ("pd:Picture",)), Field("blob"))
    assert checked(said) is said


@given(st.text(max_size=30))
def test_no_word_outside_the_vocabulary_passes(word: str) -> None:
    if word in {"created", "updated", "accessed", "derived"}:
        return
    with pytest.raises(Undecodable):
        checked(changed(what=f"{word}?"))


def test_a_refusal_survives_pickling_between_processes() -> None:
    import pickle

    error = Undecodable("bad_id", "`event_id` is empty")
    again = pickle.loads(pickle.dumps(error))
    assert (again.reason, again.detail, str(again)) == (error.reason, error.detail, str(error))
