"""What is told of the records that one was derived from."""

from pipeline.inquiry.telling import in_words
from pipeline.ledger.parts import Part
from tests.inquiry.build import explained
from tests.ledger.kin import PHOTO, derived, family, kept, notice, told
from tests.ledger.looks import LONG
from tests.ledger.test_natural_keys import deleted, photo


def story(record: object) -> str:
    """Return the lines of the story of a record."""
    return "\n".join(in_words(explained(record, LONG, notice())))  # type: ignore[arg-type]


def test_a_parent_is_told_of_with_what_means_it() -> None:
    drive = family(LONG, notice(), events=(PHOTO, derived("template", "photo", "other")))
    said = story(kept(drive))
    assert "derived from photo, which notice:ico-1 means, as of 1970-01-01T00:00:0" in said
    assert "derived from other, of which nobody has told" in said
    assert "1 record was derived from it" in story(kept(drive, "photo"))


def test_a_parent_that_has_not_answered_is_told_of() -> None:
    drive = family(LONG, posts=False)
    assert "derived from photo, which has not said yet what means it" in story(kept(drive))
    drive.give(Part(mails=(told(at=2_000, version=2_000),)))
    assert "derived from photo, which no document means, as of" in story(kept(drive))


def test_what_came_back_is_told_of() -> None:
    drive = deleted(photo("first", at=1_000))
    drive.give(Part(events=(photo("second", at=8_000, residency=None),)))
    assert "data of its natural key was deleted under notice:ico-1" in story(kept(drive, "second"))


def test_of_many_parents_some_are_named() -> None:
    made = derived("template", *[f"p{n:02}" for n in range(12)])
    said = story(kept(family(LONG, events=(made,))))
    assert said.count("derived from p") == 10
    assert "and from 2 more" in said
