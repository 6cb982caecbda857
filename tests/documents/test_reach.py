"""How far a notice reaches, and a person's word that a model may be deleted."""

import pytest

from pipeline.documents import InvalidDocument, Notice, in_words, load
from pipeline.documents.values import Extent
from tests.documents.texts import control, notice

EVERY: dict[Extent, tuple[str, ...]] = {
    "SOURCE": ("source",),
    "SOURCE+TEMPLATES": ("source", "template"),
    "SOURCE+TEMPLATES+MODELS": ("source", "template", "model"),
}


def read(text: str) -> Notice:
    document = load(text).document
    assert isinstance(document, Notice)
    return document


def refused(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidDocument) as caught:
        load(text)
    return [(one.where, one.what, one.remedy) for one in caught.value.problems]


@pytest.mark.parametrize("reach", EVERY)
def test_a_notice_means_the_kinds_that_it_reaches(reach: Extent) -> None:
    found = read(notice(more=f"reach: {reach}\n"))
    assert found.reach == reach
    kinds = ("source", "template", "model")
    assert tuple(kind for kind in kinds if found.means(kind)) == EVERY[reach]


@pytest.mark.parametrize(
    ("authority", "reach"),
    [
        ("GB-ICO", "SOURCE+TEMPLATES"),
        ("XX-NOBODY", "SOURCE+TEMPLATES"),
        ("US-FTC", "SOURCE+TEMPLATES+MODELS"),
    ],
)
def test_how_far_a_notice_reaches_that_does_not_say_so(authority: str, reach: str) -> None:
    assert read(notice().replace("GB-ICO", authority)).reach == reach


def test_what_a_notice_says_itself_counts_before_what_its_authority_usually_means() -> None:
    text = notice(more="reach: SOURCE\n").replace("GB-ICO", "US-FTC")
    assert read(text).reach == "SOURCE"


@pytest.mark.parametrize("word", ["SOURCE+TEMPLATE", "source", "MODELS", "'SOURCE + TEMPLATES'"])
def test_another_extent_is_refused_with_those_that_there_are(word: str) -> None:
    [(place, what, remedy)] = refused(notice(more=f"reach: {word}\n"))
    assert (place, word.strip("'") in what) == ("reach", True)
    assert "SOURCE" in remedy


@pytest.mark.parametrize("kind", ["information", "assessment"])
def test_a_notice_that_keeps_data_says_nothing_of_reach(kind: str) -> None:
    """A hold keeps everything that was derived."""
    text = notice(more=f"kind: {kind}\nreach: SOURCE\n")
    without_steps = text[: text.index("steps:")]
    assert "reach" in [place for place, *_ in refused(without_steps)]


@pytest.mark.parametrize(
    ("reach", "words"),
    [
        ("SOURCE", "nothing that was derived"),
        ("SOURCE+TEMPLATES", "but no models"),
        ("SOURCE+TEMPLATES+MODELS", "models that a person has reviewed"),
    ],
)
def test_a_notice_says_how_far_it_reaches(reach: str, words: str) -> None:
    said = " ".join(in_words(read(notice(more=f"reach: {reach}\n"))))
    assert said.count(words) == 1
    withdrawn = notice(more=f"reach: {reach}\nstate: withdrawn\n")
    assert words not in " ".join(in_words(read(withdrawn)))  # it orders nothing


# -- models --------------------------------------------------------------------------------------


def test_the_approval_that_a_model_is_deleted_is_read_and_said() -> None:
    loaded = load(control("approve", scope="model:faces-7/b"))
    assert loaded.document.document_id == "model:faces-7/b"
    [said] = in_words(loaded.document)
    assert said.startswith("Control version 1 approves that model faces-7/b is deleted")
    assert said.endswith("(a reason).")


@pytest.mark.parametrize("scope", ["model:", "model:a b", "models:a"])
def test_a_scope_that_names_no_model_is_refused(scope: str) -> None:
    [(place, what, remedy)] = refused(control("approve", scope=scope))
    assert place == "control"
    assert "no cause, document, simulation or model" in what
    assert "`model:RECORD_ID`" in remedy


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_model_is_only_approved_or_that_withdrawn(action: str) -> None:
    assert [place for place, *_ in refused(control(action, scope="model:faces-7"))] == ["control"]
