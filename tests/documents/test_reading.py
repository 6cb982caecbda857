"""Hostile and odd texts: refused in time, with a line, and never with what they contain."""

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.documents import InvalidDocument, Problem, complaints, kind_of, load
from pipeline.documents.problems import MAX_PROBLEMS
from tests.documents.texts import EXAMPLES, hold, policy, rule

MIB = 1 << 20

HOSTILE = {
    "deep flow lists": "[" * MIB,
    "deep flow mappings": "{a: " * (MIB // 4),
    "deep block lists": "- " * (MIB // 2),
    "deep complex keys": "? " * (MIB // 2),
    "too large": "#" * (MIB + 1),
    "too large in bytes": "#" + "é" * (MIB // 2 + 1),
    "too many entries": "hold: h\nrecords: [" + "a," * 400_000 + "a]",
    "an alias bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
    "an alias alone": "policy: *nothing",
    "a Python tag": "policy: !!python/object/apply:os.system ['true']",
    "a local tag": "!x\npolicy: a",
    "a merge key": policy() + "<<: {version: 2}\n",
    "a key that is a list": "{[a]: b}",
    "a second byte order mark": policy() + "\ufeff",
    "a control character": "policy: a\x00b",
    "an escaped control character": 'policy: "a\\0b"',
    "a lone surrogate": "policy: \ud800",
    "an escaped surrogate": 'policy: "\\ud800"',
    "an impossible escape": 'policy: "\\UFFFFFFFF"',
    "other digits": policy().replace("version: 1", "version: \uff11"),
    "a direction override": policy().replace("London", "London\\u202e").replace("zone: ", 'zone: "')
    + '"',
    "a path for a zone": policy().replace("Europe/London", "../../etc/passwd"),
    "a period of many digits": policy(default="P" + "9" * 500 + "D"),
    "a list for a text": policy(default="[P1D]"),
    "a mapping for a list": policy(more="rules: {a: b}\n"),
    "an unknown directive": "%YAML 9.9\n---\npolicy: a",
    "many repeated keys": policy() + "a: 1\n" * 40_000,
    "many unknown keys": policy() + "".join(f"k{n}: 1\n" for n in range(40_000)),
    "many unknown words": policy(
        rule(match="{purpose: [" + ",".join(f"dpv:Foo{n}" for n in range(1_000)) + "]}")
    ),
    "many signals": policy(
        more="residency: {method: a, signals: {"
        + ",".join(f"s{n}: {{}}" for n in range(400))
        + "}}\n"
    ),
    "a name of a signal that is no word": policy(
        more='residency: {method: a, signals: {"\u202edeclared": {}}}\n'
    ),
    "a weight of many digits": policy(
        more="residency: {method: a, likely_from: 0." + "1" * 500_000 + "}\n"
    ),
    "a share of many digits": policy(rule(more="at_most: " + "9" * 500_000 + "%")),
    "many bad rules": policy(*[rule(f"r{n}", limit="P", mode="x") for n in range(1_000)]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_in_time_and_with_few_problems(name: str) -> None:
    start = time.monotonic()
    with pytest.raises(InvalidDocument) as refusal:
        load(HOSTILE[name], "hostile.yaml")

    assert time.monotonic() - start < 10
    assert 1 <= len(refusal.value.problems) <= MAX_PROBLEMS + 1
    assert all(problem.line >= 1 for problem in refusal.value.problems)


def test_problems_beyond_the_cap_are_counted() -> None:
    with pytest.raises(InvalidDocument) as refusal:
        load(HOSTILE["many unknown keys"])

    assert "39800 more problems are not shown" in refusal.value.problems[-1].what


def test_what_has_more_problems_than_are_told_is_not_mended_to_find_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(complaints, "_mend", lambda *_: pytest.fail("mended"))
    with pytest.raises(InvalidDocument) as refusal:
        load(policy() + "".join(f"k{n}: v\n" for n in range(MAX_PROBLEMS + 100)))

    assert "100 more problems are not shown" in refusal.value.problems[-1].what


def test_refusals_of_a_hold_never_repeat_ids_or_what_may_be_one() -> None:
    secret = "ada.lovelace@example.com"
    texts = [
        hold(f"records: [[{secret}]]"),
        hold(f"records: {{{secret}: x}}"),
        hold(f"subjects: [{secret * 40}]"),
        hold(f"records: [r-1]\n{secret}: x"),
        hold(f"records: [r-1]\n{secret}: x\n{secret}: x"),
        hold(f"records: [{secret}"),
        hold(f"records: [&{secret} x]"),
        hold(f"records: [r-1]\nmatch: {{{secret}: x}}"),
        hold(f"records: [r-1]\nrecords: [{secret}]"),
    ]
    for text in texts:
        with pytest.raises(InvalidDocument) as refusal:
            load(text)
        said = str(refusal.value) + "".join(problem.where for problem in refusal.value.problems)
        assert "lovelace" not in said


def test_a_byte_order_mark_at_the_start_is_let_pass() -> None:
    assert load("\ufeff" + policy()).kind == "policies"


def test_windows_line_ends_do_not_shift_lines() -> None:
    text = policy(rule(limit="P1")).replace("\n", "\r\n")

    with pytest.raises(InvalidDocument) as refusal:
        load(text)
    assert [problem.line for problem in refusal.value.problems] == [6]


def only_refused(text: str) -> None:
    for read in (load, kind_of):
        refused: tuple[Problem, ...] | None = None
        try:
            read(text)
        except InvalidDocument as refusal:
            refused = refusal.problems
        assert refused != ()
        assert all(problem.what and problem.remedy for problem in refused or ())


@given(st.text(alphabet=st.characters(), max_size=200))
def test_random_text_gives_nothing_but_refusals(text: str) -> None:
    only_refused(text)


_words = st.sampled_from(
    "policy notice hold control version zone default limit rules id match residency citation law "
    "stores lead steps not_before complete_by state action records P1D GB 1 all x present "
    "bound minimum at_most 2% answer_within per_minute method signals declared resident lasts "
    "group likely_from unknown leave jurisdiction effective_from approve".split()
)
_values = st.recursive(
    _words | st.text("ab:#-[' \n\té", max_size=8) | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=6),
    max_leaves=20,
)


@given(st.dictionaries(_words, _values, max_size=8))
def test_random_yaml_gives_nothing_but_refusals(value: object) -> None:
    only_refused(yaml.safe_dump(value, allow_unicode=True))


_EXAMPLE_TEXTS = [path.read_text() for path in sorted(EXAMPLES.glob("*.yaml"))]


@settings(max_examples=200)
@given(st.data())
def test_a_mutilated_example_gives_nothing_but_refusals(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(_EXAMPLE_TEXTS))
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 30))
    put = data.draw(st.text(alphabet="\n :-[]{}&*!'\"#|>%@`\t0aé\x00\u202e", max_size=6))

    only_refused(text[:start] + put + text[start + length :])
