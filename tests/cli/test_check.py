"""`retention check`: everything that is wrong, with file and line; what is good, in plain words."""

from pathlib import Path

import pytest

from tests.cli.conftest import Retention
from tests.support.build import policy_text, rule

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: str(file.name))
def test_every_example_is_good(retention: Retention, file: Path) -> None:
    said = retention("check", file)
    assert said.code == 0, said.text
    assert "good" in said.text


def written(folder: Path, text: str, name: str = "policy.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_all_problems_are_said_at_once_each_with_its_line(
    retention: Retention, tmp_path: Path
) -> None:
    twice = policy_text(rule("same"), rule("same"), default="P9Z").replace("zone: UTC", "zone: X/Y")
    file = written(tmp_path, twice)
    said = retention("check", file)
    assert said.code == 1
    lines = [line for line in said.out.splitlines() if line.startswith("wrong")]
    assert len(lines) == 3
    assert all("policy.yaml:" in line for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "\t- x",
        "policy: &a [*a]",
        "!!python/object:os.system x",
        "",
        "- 1\n- 2",
        "policy: 5",
    ],
)
def test_what_is_no_document_is_wrong_and_never_a_traceback(
    retention: Retention, tmp_path: Path, text: str
) -> None:
    said = retention("check", written(tmp_path, text))
    assert said.code == 1
    assert "policy.yaml:" in said.text
    assert "Traceback" not in said.text


def test_one_wrong_file_among_good_ones_is_told_and_the_rest_are_still_checked(
    retention: Retention, tmp_path: Path
) -> None:
    bad = written(tmp_path, "nothing: here\n", "bad.yaml")
    good = written(tmp_path, policy_text(), "good.yaml")
    said = retention("check", bad, tmp_path / "missing.yaml", good)
    assert said.code == 1
    assert "bad.yaml:1" in said.text
    assert "missing.yaml: cannot be read" in said.text
    assert "good.yaml" in said.text


def test_a_file_that_is_no_text_is_wrong(retention: Retention, tmp_path: Path) -> None:
    file = tmp_path / "binary.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    said = retention("check", file)
    assert said.code == 1
    assert "cannot be read" in said.text


@pytest.mark.parametrize("zone", ["[red]", "[/]", "[/red]", "[link=x]"])
def test_a_wrong_value_with_brackets_is_said_as_it_is_written(
    retention: Retention, tmp_path: Path, zone: str
) -> None:
    text = policy_text().replace("zone: UTC", f"zone: '{zone}'")
    said = retention("check", written(tmp_path, text))
    assert said.code == 1
    assert f"`{zone}` is not a time zone" in said.text


@pytest.mark.parametrize("article", ["5[red](1)", "5[/b]"])
def test_the_words_of_a_good_document_are_said_as_they_are_written(
    retention: Retention, tmp_path: Path, article: str
) -> None:
    said = retention("check", written(tmp_path, policy_text().replace("5(1)(e)", article)))
    assert said.code == 0
    assert article in said.text


def test_a_file_name_with_brackets_is_said_as_it_is(retention: Retention, tmp_path: Path) -> None:
    for name in ("p[red].yaml", "p[old].yaml"):
        said = retention("check", written(tmp_path, policy_text(), name))
        assert said.code == 0
        assert name in said.text


def test_no_file_at_all_is_wrong_use(retention: Retention) -> None:
    assert retention("check").code == 2
