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
    assert retention("check", bad, good).code == 1
    said = retention("check", tmp_path / "missing.yaml", bad, good)
    assert said.code == 2, "as `publish` says of the same file"
    assert "bad.yaml:1" in said.text
    assert "missing.yaml cannot be read: there is no such file" in said.text
    assert "good.yaml" in said.text


def test_a_file_that_is_no_text_or_a_folder_is_wrong_input_with_a_remedy(
    retention: Retention, tmp_path: Path
) -> None:
    file = tmp_path / "binary.yaml"
    file.write_bytes(b"a\xff\xfe\x00")
    for name, says in ((file, "byte 2 is not UTF-8; save it as UTF-8"), (tmp_path, "name a file")):
        said = retention("check", name)
        assert said.code == 2
        assert f"{name} cannot be read" in said.text
        assert says in said.text
        assert "Errno" not in said.text


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


NOTICE = """
notice: ico-1
version: 1
authority: GB-ICO
citation: {{law: DPA 2018, article: s.149, url: "https://example.org/149"}}
match: {{residency: [GB]}}
steps:
  - id: delete
    action: delete
    not_before: "2022-06-16T00:00:00Z"
    complete_by: "{}"
"""


@pytest.mark.parametrize(
    ("complete_by", "warned"), [("2022-12-16T00:00:00Z", True), ("9000-01-01T00:00:00Z", False)]
)
def test_a_deadline_that_has_passed_is_a_warning(
    retention: Retention, tmp_path: Path, complete_by: str, warned: bool
) -> None:
    said = retention("check", written(tmp_path, NOTICE.format(complete_by), "notice.yaml"))

    assert said.code == 0
    warning = "notice.yaml:11: the deadline of step `delete` has passed"
    assert (warning in said.text) is warned
    assert ("warning" in said.text) is warned
    assert f"are to be deleted between 2022-06-16T00:00:00Z and {complete_by}" in said.text


def test_a_good_policy_says_all_that_it_changes(retention: Retention, tmp_path: Path) -> None:
    text = policy_text(rule(limit="P1D") + "    at_most: 2%\n", default="P30D") + (
        "  - id: keep\n    match: {category: pd:Name}\n    clock: relationship_ended\n"
        '    limit: P6Y\n    citation: {law: Companies Act 2006, article: s.388, url: "https://x.y"}\n'
        "    mode: enforce\n    bound: minimum\n"
        "effective_from: 2027-01-01T00:00:00Z\n"
        "residency: {method: acme/2, resident_from: 0.9}\n"
    )
    text = text.replace("{lead: PT0S}", "{answer_within: PT30M, per_minute: 600}", 1)

    said = retention("check", written(tmp_path, text))

    assert said.code == 0, said.text
    for words in (
        "it takes effect at 2027-01-01T00:00:00Z",
        "above 2% of all records a day it stops and asks",
        "are not deleted until 6 years after the end of the relationship",
        "judged by the method acme/2: RESIDENT from 0.9",
        "at most 600 deletions a minute; without an answer it is told again after 30 minutes",
    ):
        assert words in said.text


@pytest.mark.parametrize(
    ("section", "what"),
    [
        ("{method: evidence/1}", "`method`: `evidence/1` is the name of the default method"),
        ("{method: a, resident_from: 2}", "`resident_from` is not a weight"),
        ("{method: a, likely_from: 0.9}", "`likely_from` must lie above 0 and not above"),
        ("{method: a, signals: {nose: {}}}", "`nose`: `nose` is not in the vocabulary"),
    ],
)
def test_a_wrong_method_of_judging_is_said_with_file_line_and_remedy(
    retention: Retention, tmp_path: Path, section: str, what: str
) -> None:
    text = f"policy: acme\nversion: 1\nresidency: {section}\n" + policy_text().replace(
        "policy: acme\nversion: 1\n", ""
    )

    said = retention("check", written(tmp_path, text))

    assert said.code == 1
    wrong = [line for line in said.out.splitlines() if line.startswith("wrong")]
    assert len(wrong) == 1
    assert f"policy.yaml:3: {what}" in wrong[0]
    assert wrong[0].rstrip().endswith(")")


def test_no_file_at_all_is_wrong_use(retention: Retention) -> None:
    assert retention("check").code == 2
