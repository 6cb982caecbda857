"""Reading a scenario folder: what it means, and what is wrong with it, by file and line."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from pipeline.documents import Envelope
from pipeline.errors import InvalidInput
from pipeline.events import Event
from pipeline.identifiers import StoreName
from pipeline.instants import parse_instant
from pipeline.stories.scenario import (
    Answering,
    Expected,
    GivenReceipt,
    Scenario,
    read_scenario,
)
from tests.stories.build import AT, DUE, EVENT, LINE, POLICY, UNTIL, happening, lines, written

HOLD = "hold: h-1\nversion: 1\nreason: A case\nrecords: [photo-1]\n"
PAUSE = {"control": "all", "version": 1, "action": "pause", "reason": "Moving"}
ABOUT = {"kind": "CANCEL", "record": "photo-1", "store": "images", "cause": "hold:h-1"}


def read(tmp_path: Path, **files: str | None) -> Scenario:
    return read_scenario(written(tmp_path / "photo", **files))


def what(tmp_path: Path, topic: str, value: object, **files: str) -> Any:
    timeline = lines(happening("events", EVENT), happening(topic, value))
    return read(tmp_path, timeline=timeline, **files).happenings[-1].what


# -- what it means -------------------------------------------------------------------------------


def test_a_folder_says_its_title_its_end_its_policy_and_what_must_come(tmp_path: Path) -> None:
    scenario = read(tmp_path)
    assert scenario.title == "A photo"
    assert scenario.until == parse_instant(UNTIL)
    assert scenario.approvals == ()
    assert scenario.policy is not None
    assert scenario.policy.author == "counsel"
    assert scenario.stores == ("images",)
    assert scenario.commands == (
        Expected(
            "DELETE",
            "photo-1",
            "images",
            "policy:acme/default",
            parse_instant(DUE),
            parse_instant("2022-03-30T23:01:00Z"),
        ),
    )
    assert (scenario.findings, scenario.quarantined) == ({}, {})


def test_a_scenario_without_a_title_has_the_name_of_its_folder(tmp_path: Path) -> None:
    assert read(tmp_path, README=f"---\nuntil: {UNTIL}\n---\nText.\n").title == "photo"


def test_a_policy_may_be_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, policy=None).policy is None


@pytest.mark.parametrize("approvals", ["policies holds", "[policies, holds]"])
def test_kinds_that_need_a_second_person_are_words_or_a_list(
    tmp_path: Path, approvals: str
) -> None:
    front = f"---\nuntil: {UNTIL}\napprovals: {approvals}\n---\n# A photo\n"
    assert read(tmp_path, README=front).approvals == ("policies", "holds")


def test_an_event_is_not_checked_and_a_text_is_sent_as_it_is(tmp_path: Path) -> None:
    event = what(tmp_path, "events", EVENT | {"what": "scraped"})
    assert isinstance(event, Event)
    assert event.what == "scraped"
    assert what(tmp_path, "events", "no Avro, é") == "no Avro, é".encode()


@pytest.mark.parametrize(
    ("value", "author"),
    [
        ({"file": "hold.yaml"}, "counsel"),
        ({"file": "hold.yaml", "author": "mary"}, "mary"),
        ({"text": HOLD, "author": "mary"}, "mary"),
        ({"text": HOLD, "author": "mary", "digest": "as on the topic"}, "mary"),
    ],
)
def test_a_document_is_a_file_or_its_text(
    tmp_path: Path, value: dict[str, str], author: str
) -> None:
    envelope = what(tmp_path, "holds", value, hold=HOLD)
    assert isinstance(envelope, Envelope)
    assert (envelope.text, envelope.author) == (HOLD, author)
    assert envelope.digest == hashlib.sha256(HOLD.encode()).hexdigest()


def test_a_document_may_be_written_into_the_line(tmp_path: Path) -> None:
    envelope = what(tmp_path, "controls", PAUSE | {"author": "operator"})
    assert (envelope.document_id, envelope.version, envelope.author) == ("all", 1, "operator")
    assert "operator" not in envelope.text


def test_a_receipt_names_the_newest_command_of_a_kind_or_an_id(tmp_path: Path) -> None:
    by_command = what(tmp_path, "receipts", {"command": ABOUT, "status": "FAILED", "at": AT})
    assert isinstance(by_command, GivenReceipt)
    assert by_command[:4] == ("CANCEL", "photo-1", "images", "hold:h-1")
    assert by_command.fields == {"status": "FAILED", "at": AT}
    deletion = {"command": {"record": "photo-1"}, "status": "FAILED"}
    assert what(tmp_path, "receipts", deletion).kind == "DELETE"
    by_id = {"command_id": "c", "record_id": "r", "store": "s", "status": "COMPLETED"}
    assert what(tmp_path, "receipts", by_id).fields == by_id


@pytest.mark.parametrize(
    ("answers", "status", "silent"),
    [("nothing", None, True), ("obediently", None, False), ("FAILED", "FAILED", False)],
)
def test_a_store_is_silent_obeys_or_says_what_it_is_told_to(
    tmp_path: Path, answers: str, status: str | None, silent: bool
) -> None:
    direction = what(tmp_path, "stores", {"store": "images", "answers": answers})
    assert direction == Answering(StoreName("images"), status, silent)


def test_lists_stand_for_a_line_each_and_empty_lines_for_nothing(tmp_path: Path) -> None:
    both = LINE | {"record": ["a", "b"], "store": ["images", "index"]}
    scenario = read(tmp_path, expected=lines(both, "", "  "))
    assert {(one.record, one.store) for one in scenario.commands} == {
        ("a", "images"),
        ("a", "index"),
        ("b", "images"),
        ("b", "index"),
    }


def test_findings_and_quarantine_are_counted_or_any_number(tmp_path: Path) -> None:
    expected = lines(
        {"finding": "NO_RULE", "times": 2}, {"finding": "OVERDUE"}, {"quarantine": "empty"}
    )
    scenario = read(tmp_path, expected=expected)
    assert scenario.commands == ()
    assert scenario.findings == {"NO_RULE": 2, "OVERDUE": None}
    assert scenario.quarantined == {"empty": None}


# -- what is wrong with it -----------------------------------------------------------------------


def refused(tmp_path: Path, **files: str | None) -> str:
    with pytest.raises(InvalidInput) as error:
        read(tmp_path, **files)
    return str(error.value)


@pytest.mark.parametrize("name", ["README", "timeline", "expected"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    assert f"{name}." in refused(tmp_path, **{name: None})


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path / "photo")
    (folder / "timeline.jsonl").write_bytes(b"\xff")
    with pytest.raises(InvalidInput, match=r"timeline\.jsonl cannot be read"):
        read_scenario(folder)


@pytest.mark.parametrize(
    ("readme", "says"),
    [
        ("# No front matter\n", "must begin with front matter"),
        (f"\n---\nuntil: {UNTIL}\n---\n", "must begin with front matter"),
        (f"---\nuntil: {UNTIL}\n", "must begin with front matter"),
        ("---\n- a list\n---\n", "must begin with front matter"),
        ("---\na: [\n---\n", "must begin with front matter"),
        ("---\napprovals: policies\n---\n# A photo\n", "`until` must be an instant"),
        ("---\nuntil: 2022-05-01\n---\n# A photo\n", "has no zone"),
        ("---\nuntil: never\n---\n# A photo\n", "`until` must be an instant"),
        (f"---\nuntil: {UNTIL}\nstores: [a]\n---\n", "`stores` is not known"),
        ("---\nuntil: 2022-03-01T11:59:59Z\n---\n", "before the last happening"),
    ],
)
def test_wrong_front_matter_is_said_with_its_file(tmp_path: Path, readme: str, says: str) -> None:
    error = refused(tmp_path, README=readme)
    assert says in error
    assert "README.md" in error


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        (happening("events", EVENT) | {"note": "x"}, "`note` is not known"),
        ({"topic": "events", "value": EVENT}, "`at` must be an instant"),
        (happening("events", EVENT, "2022-03-01T13:00:00"), "has no zone"),
        (happening("events", EVENT, "2022-03-01T11:59:59Z"), "lies before the line above"),
        (happening("events", EVENT, "2022-03-01T12:59:00+01:00"), "lies before the line above"),
        (happening("event", EVENT), "`topic` must be one of events, policies"),
        ({"at": AT, "value": EVENT}, "`topic` must be one of"),
        ({"at": AT, "topic": "events"}, "`value` must be an object"),
        (happening("holds", "a text"), "`value` must be an object"),
        (happening("events", {"event_id": "e"}), "required field"),
        (happening("events", EVENT | {"colour": "red"}), "a field whose name has 6 bytes"),
        (
            happening("events", EVENT | {"happened_at": "2022-03-01T12:00:00"}),
            "no instant with a zone",
        ),
        (happening("holds", {"file": "none.yaml"}), "none.yaml cannot be read"),
        (happening("holds", {"file": "policy.yaml"}), "not of the holds"),
        (happening("holds", {"file": "policy.yaml", "autor": "x"}), "`autor` is not known"),
        (happening("holds", {"hold": "h"}), "`version` is missing"),
        (happening("controls", PAUSE | {"action": "halt"}), "`halt` is not in the vocabulary"),
        (happening("controls", PAUSE | {"author": ""}), "the author must be"),
        (happening("requests", {"request": "r-1"}), "`kind` is missing"),
        (happening("receipts", {"command": ABOUT}), "`status` must be one of"),
        (happening("receipts", {"command": ABOUT, "status": "GONE"}), "`status` must be one of"),
        (happening("receipts", {"status": "FAILED"}), "name the `command`"),
        (happening("receipts", {"command": "c", "status": "FAILED"}), "name the `command`"),
        (
            happening("receipts", {"command": {"colour": "red"}, "status": "FAILED"}),
            "`colour` is not known",
        ),
        (
            happening("receipts", {"command": ABOUT, "status": "COMPLETED", "remaining": 1}),
            "`remaining` is not known",
        ),
        (
            happening("receipts", {"command": ABOUT, "status": "COMPLETED", "at": "noon"}),
            "`at` must be an instant",
        ),
        (happening("stores", {"store": "images"}), "what it `answers`: nothing, obediently"),
        (happening("stores", {"store": "images", "answers": "loudly"}), "what it `answers`"),
        (happening("stores", {"answers": "nothing"}), "name a `store`"),
        (
            happening("stores", {"store": "images", "answers": "nothing", "for": "P1D"}),
            "`for` is not known",
        ),
    ],
)
def test_a_wrong_happening_is_said_with_file_and_line(
    tmp_path: Path, line: dict[str, Any] | str, says: str
) -> None:
    error = refused(tmp_path, timeline=lines(happening("events", EVENT), "", line))
    assert says in error
    assert "timeline.jsonl:3" in error


def test_a_timeline_in_which_nothing_happens_is_refused(tmp_path: Path) -> None:
    assert "nothing happens" in refused(tmp_path, timeline="\n")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("DELETE", "not JSON"),
        ("null", "not a JSON object"),
        ({"record": "photo-1"}, "name a command's `kind`, a `finding` or `quarantine`"),
        (LINE | {"kind": "ERASE"}, "`kind` must be one of DELETE"),
        (LINE | {"kind": ["DELETE"]}, "`kind` must be one of DELETE"),
        (LINE | {"when": DUE}, "`when` is not known"),
        (LINE | {"finding": "NO_RULE"}, "`finding` is not known"),
        *[({k: v for k, v in LINE.items() if k != key}, f"`{key}` is missing") for key in LINE][1:],
        (LINE | {"not_before": "2022-03-30"}, "`not_before` must be an instant"),
        (LINE | {"not_after": None}, "`not_after` must be an instant"),
        ({"finding": "BAD_LUCK"}, "`finding` is not a kind of finding"),
        ({"finding": ["NO_RULE"]}, "`finding` is not a kind of finding"),
        ({"finding": "NO_RULE", "times": 0}, "`times` must be a number above 0"),
        ({"finding": "NO_RULE", "times": "once"}, "`times` must be a number above 0"),
        ({"finding": "NO_RULE", "record": "photo-1"}, "`record` is not known"),
        ({"finding": "OVERDUE"}, "a line above names it"),
        ({"quarantine": "empty", "times": -1}, "`times` must be a number above 0"),
    ],
)
def test_a_wrong_expectation_is_said_with_file_and_line(
    tmp_path: Path, line: dict[str, Any] | str, says: str
) -> None:
    error = refused(tmp_path, expected=lines({"finding": "OVERDUE"}, "", line))
    assert says in error
    assert "expected.jsonl:3" in error


def test_what_is_wrong_with_a_document_is_said_with_its_own_file_and_line(tmp_path: Path) -> None:
    timeline = lines(happening("events", EVENT), happening("holds", {"file": "hold.yaml"}))
    error = refused(tmp_path, timeline=timeline, hold=HOLD.replace("version: 1", "version: one"))
    assert "timeline.jsonl:2" in error
    assert "hold.yaml:2" in error


def test_a_wrong_policy_is_said_with_its_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"policy\.yaml:3"):
        read(tmp_path, policy=POLICY.replace("Europe/London", "Europe/Lundon"))
