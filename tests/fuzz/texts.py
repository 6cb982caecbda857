"""Breaks documents: lines moved, values replaced, and what YAML parsers have died of."""

import json
from collections.abc import Sequence
from random import Random

import yaml

from tests.fuzz.mutate import MARK

_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)
_VALUES = (
    *(
        "",
        "~",
        "null",
        "yes",
        "no",
        "on",
        "-1",
        "0",
        "0x1F",
        "1e999",
        ".nan",
        ".inf",
        "1_000",
        "017",
    ),
    *("!!python/object/apply:os.system [exit]", "!!binary aGk=", "*a", "&a x", "<<: *a", "!x y"),
    *("2022-13-45T25:61:61Z", "9999-12-31T23:59:59Z", "0001-01-01", "2026-03-01", "P99999999999D"),
    *(
        "P1M",
        "PT0S",
        "P-1D",
        "P1Y2M",
        "PT99999999999999999999S",
        "P0D",
        "99999999999999999",
        "1" * 5_000,
    ),
    *(
        "[]",
        "{}",
        "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
        "{a: {a: {a: {a: {a: b}}}}}",
        "[a, [b, {c: d}]]",
    ),
    *(
        "|\n  x\n  y",
        ">-\n  folded",
        '"\\u0000"',
        '"\\ud800"',
        '"\\x41"',
        '"unclosed',
        "'",
        "@x",
        "`x`",
    ),
    *(
        "\u202eevil\u2066",
        "\ufeff",
        "é" * 300,
        "x" * 513,
        "%",
        "? x",
        "- x",
        "- - - - x",
        "#",
        ": :",
    ),
    *(MARK, f"[{MARK}, {MARK}]", f'"{MARK}"', "any", "GB", "[GB, XX]", "dpv:Marketing", "delete"),
)
_KEYS = (
    *(
        "policy",
        "notice",
        "hold",
        "request",
        "control",
        "version",
        "rules",
        "match",
        "steps",
        "state",
    ),
    *("records", "subjects", "limit", "at_most", "citation", "life", "refused", "<<", "?", MARK),
)
_NUMBERS = (2, 50, 500, 3_000)


def broken_text(chance: Random, text: str, others: Sequence[str]) -> str:
    """Return a document with some of its text changed."""
    drawn = chance.random()
    if drawn < 0.08:
        return _bomb(chance, text)
    if drawn < 0.14:
        return _as_json(chance, text)
    lines = text.split("\n")
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        _changed_line(chance, lines, others)
    text = "\n".join(lines)
    if chance.random() < 0.15:
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(_VALUES) + text[at + chance.randrange(4) :]
    return text


def _changed_line(chance: Random, lines: list[str], others: Sequence[str]) -> None:
    at = chance.randrange(len(lines))
    line = lines[at]
    what = chance.randrange(8)
    if what <= 2 and ":" in line:
        lines[at] = f"{line[: line.index(':')]}: {chance.choice(_VALUES)}"
    elif what == 3:
        lines[at] = " " * chance.randrange(6) + line.lstrip()
    elif what == 4:
        del lines[at : at + chance.randint(1, 3)]
        lines.append("")
    elif what == 5:
        times = chance.choice(_NUMBERS if chance.random() < 0.1 else _NUMBERS[:1])
        lines[at:at] = [line] * times
    elif what == 6:
        indent = line[: len(line) - len(line.lstrip())]
        lines.insert(at, f"{indent}{chance.choice(_KEYS)}: {chance.choice(_VALUES)}")
    else:
        lent = chance.choice(others).split("\n")
        lines.insert(at, chance.choice(lent))


def _bomb(chance: Random, text: str) -> str:
    times = chance.choice(_NUMBERS)
    bombs = (
        _LAUGHS + text,
        text + _LAUGHS,
        f"{text}more: {'[' * times}{']' * times}\n",
        f"{text}more: {'{a: ' * times}b{'}' * times}\n",
        "- " * times + text,
        f"{text}more:\n" + "".join(f"{' ' * n}a:\n" for n in range(min(times, 500))),
        f"{text}more: {'x' * 100 * times}\n",
        f"{text}more: [{'a, ' * times}]\n",
        text + "".join(f"k{n}: v\n" for n in range(times)),
        text + text,
        f"{text}---\n{text}",
        f"%YAML 1.1\n---\n{text}",
        f"{text}records: [{', '.join(f'{MARK}{n}' for n in range(times))}]\n",
        text + "x" * (1 << 20),
        "\n" * times + text,
        "\ufeff" + text,
    )
    return chance.choice(bombs)


def _as_json(chance: Random, text: str) -> str:
    """The same document in JSON, which is YAML; one of its values is of another type."""
    content = yaml.load(text, Loader=yaml.CBaseLoader)  # every value a text
    if isinstance(content, dict) and content:
        odd: tuple[object, ...] = (None, True, -1, 1e308, [], {}, [[]], {"a": {}}, MARK, [MARK] * 3)
        content[chance.choice(list(content))] = chance.choice(odd)
    return json.dumps(content)
