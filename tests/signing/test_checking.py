"""Every reason not to believe a message, and that nothing altered is believed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.instants import DAY, Instant
from pipeline.signing import WHY, Checker, Expected, Key, Keyring, Refusal, parse_seal
from pipeline.signing import seals as seals_module
from tests.signing.build import (
    COUNSEL,
    EXPECTED,
    EXPIRES,
    ISSUED,
    JOB,
    RING,
    STORE,
    STRANGER,
    TOPIC,
    entry,
    key,
    seals,
)

CONTENTS = [b"content %d" % number for number in range(5)]


def check(
    content: bytes,
    seal: str | None,
    expected: Expected = EXPECTED,
    *,
    ring: Keyring = RING,
    appended_at: int = ISSUED,
    within: int | None = DAY,
    now: int | None = ISSUED,
) -> Key | Refusal:
    at = None if now is None else Instant(now)
    return Checker(ring).check(
        content, seal, expected, appended_at=Instant(appended_at), within=within, now=at
    )


@pytest.mark.parametrize("size", range(1, 65))
def test_each_of_a_batch_is_believed_and_only_as_itself(size: int) -> None:
    contents = [b"content %d" % number for number in range(size)]
    given = seals(contents)
    checker = Checker(RING)
    for place, (content, seal) in enumerate(zip(contents, given, strict=True)):
        found = checker.check(content, seal, EXPECTED, appended_at=ISSUED, now=ISSUED)
        assert isinstance(found, Key), found
        assert found.owner == "the job"
        other = given[(place + 1) % size]
        if size > 1:
            refused = checker.check(content, other, EXPECTED, appended_at=ISSUED, now=ISSUED)
            assert refused is Refusal.ALTERED
    assert len(checker._signed) == 1, "one signature a batch is verified"


@given(st.integers(1, 64), st.data())
@settings(max_examples=300, deadline=None)
def test_nothing_altered_is_believed(size: int, data: st.DataObject) -> None:
    contents = [b"content %d" % number for number in range(size)]
    place = data.draw(st.integers(0, size - 1))
    seal = seals(contents)[place]
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(seal) - 1))
        letter = data.draw(st.characters(codec="ascii").filter(lambda one: one != seal[at]))
        found = check(contents[place], seal[:at] + letter + seal[at + 1 :])
    else:
        content = bytearray(contents[place])
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        found = check(bytes(content), seal)
    assert found in (Refusal.ALTERED, Refusal.UNKNOWN_KEY)


@given(st.text())
def test_any_text_is_no_seal(text: str) -> None:
    assert check(b"content", text) is Refusal.ALTERED


@pytest.mark.parametrize(
    "change",
    [
        ("\n", "\r\n"),
        ("retention-seal/1", "retention-seal/2"),
        ("\nimages\n", "\nimages \n"),
        (f"\n{ISSUED}\n", f"\n0{ISSUED}\n"),
        (f"\n{ISSUED}\n", f"\n+{ISSUED}\n"),
        ("\n5\n", "\n0\n"),
        ("\n5\n", "\n9999999\n"),
        (f"\n{EXPIRES}\n", "\n999999999999999\n"),
    ],
)
def test_another_way_of_writing_it_is_no_seal(change: tuple[str, str]) -> None:
    seal = seals(CONTENTS)[0]
    assert change[0] in seal
    assert parse_seal(seal.replace(*change)) is None
    for text in (seal + "\n", " " + seal, seal + "AAAA", seal[:-1]):
        assert parse_seal(text) is None or check(CONTENTS[0], text) is Refusal.ALTERED


def test_what_is_too_long_for_a_seal_is_not_remembered() -> None:
    longest = seals([b"content"] * 1_023, topic="t" * 249)[0]
    assert parse_seal(longest) is not None
    known = seals_module._parsed_head.cache_info().currsize
    assert parse_seal("x" * (1 << 20) + "\n0\n") is None
    assert seals_module._parsed_head.cache_info().currsize == known


def test_a_seal_says_what_was_signed() -> None:
    seal = parse_seal(seals(CONTENTS)[3])
    assert seal is not None
    said = seal.statement
    assert (said.kind, said.topic, said.store, said.size) == ("commands", TOPIC, "images", 5)
    assert (said.issued_at, said.expires_at, said.key_id) == (ISSUED, EXPIRES, JOB.key_id)
    assert (said.documents, seal.place) == ("3f" * 32, 3)


def test_what_is_unsigned_is_refused() -> None:
    assert check(CONTENTS[0], None) is Refusal.UNSIGNED


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        (Expected("commands", "retention.commands.vectors", "vectors"), Refusal.WRONG_TOPIC),
        (Expected("commands", "other.commands.images", "images"), Refusal.WRONG_TOPIC),
        (Expected("receipts", TOPIC, "images"), Refusal.WRONG_TOPIC),
        (Expected("commands", TOPIC, "vectors"), Refusal.WRONG_STORE),
    ],
)
def test_what_was_signed_for_elsewhere_is_refused(expected: Expected, why: Refusal) -> None:
    assert check(CONTENTS[0], seals(CONTENTS)[0], expected) is why


def test_a_key_signs_only_what_it_may() -> None:
    assert check(b"x", seals([b"x"], STRANGER)[0]) is Refusal.UNKNOWN_KEY
    assert check(b"x", seals([b"x"], STORE)[0]) is Refusal.KEY_NOT_ALLOWED
    assert check(b"x", seals([b"x"], COUNSEL)[0]) is Refusal.KEY_NOT_ALLOWED
    others = Expected("receipts", "retention.receipts", "vectors")
    changes = {"kind": "receipts", "topic": "retention.receipts", "store": "vectors"}
    assert check(b"x", seals([b"x"], STORE, **changes)[0], others) is Refusal.KEY_NOT_ALLOWED
    own = others._replace(store="images")
    allowed = seals([b"x"], STORE, **(changes | {"store": "images"}))[0]
    assert isinstance(check(b"x", allowed, own), Key)


def test_a_known_id_does_not_make_a_strange_signature_believed() -> None:
    forged = seals([b"x"], STRANGER)[0].replace(STRANGER.key_id, JOB.key_id)
    assert check(b"x", forged) is Refusal.ALTERED


def test_old_and_new_key_are_believed_while_they_overlap() -> None:
    """Judged by when a message was published, so that it stays believed for ever."""
    new = key(9)
    ring = Keyring(
        [entry(JOB, "commands", last=ISSUED + 20), entry(new, "commands", first=ISSUED + 10)]
    )
    by_old, by_new = seals([b"x"], JOB)[0], seals([b"x"], new)[0]
    for at, old_counts, new_counts in (
        (ISSUED, True, False),
        (ISSUED + 9, True, False),
        (ISSUED + 10, True, True),
        (ISSUED + 19, True, True),
        (ISSUED + 20, False, True),
    ):
        for seal, counts in ((by_old, old_counts), (by_new, new_counts)):
            found = check(b"x", seal, ring=ring, appended_at=at, now=EXPIRES - 1)
            assert isinstance(found, Key) if counts else found is Refusal.KEY_NOT_VALID


def test_what_is_published_long_after_it_was_signed_is_a_replay() -> None:
    seal = seals([b"x"])[0]
    assert isinstance(check(b"x", seal, appended_at=ISSUED + DAY, now=None), Key)
    assert check(b"x", seal, appended_at=ISSUED + DAY + 1, now=None) is Refusal.REPLAYED
    assert isinstance(check(b"x", seal, appended_at=ISSUED + DAY + 1, now=None, within=None), Key)


def test_what_has_expired_is_refused() -> None:
    seal = seals([b"x"])[0]
    assert isinstance(check(b"x", seal, now=EXPIRES - 1), Key)
    assert check(b"x", seal, now=EXPIRES) is Refusal.EXPIRED
    assert isinstance(check(b"x", seals([b"x"], expires_at=None)[0], now=EXPIRES), Key)


def test_every_refusal_has_a_sentence() -> None:
    assert set(WHY) == set(Refusal)
