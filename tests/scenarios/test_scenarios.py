"""Every folder here, played through the real job on Prism and on Flink: what must be is given.

What a changed expectation leads to is the same on either runner, and is tried on Prism alone.
"""

import json
import re
from pathlib import Path

import pytest

from pipeline.documents import Notice, Request, kind_of, load
from pipeline.instants import MINUTE, Instant
from pipeline.stories.difference import differences
from pipeline.stories.replay import SHARDS, Played
from pipeline.stories.scenario import Expected, Scenario, read_scenario
from pipeline.stories.scene import Scene
from tests.scenarios.players import OnFlink, OnPrism, Player, Run

HERE = Path(__file__).parent
FOLDERS = sorted(file.parent for file in HERE.glob("*/timeline.jsonl"))
VECTORS = HERE.parent / "vectors" / "legal-dates.json"
WIDE: frozenset[str] = frozenset()
"""Folders in which a window is wider than a minute; their README says why."""
every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
on_prism = pytest.mark.integration
# Beam's threads complain of a runner that is gone; some of them outlive the job.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    # On Flink the first folder asked for waits for all that are played with it.
    pytest.mark.timeout(1_800),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Player:
    """Play a folder on Prism, unless it was played before."""
    return OnPrism(tmp_path_factory.mktemp)


@pytest.fixture(scope="module")
def on_either(
    run: Player, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Player]:
    """Players by runner. On Flink only folders that were selected are played."""
    wanted = [
        Path(str(item.callspec.params["folder"]))
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.function is test_what_is_given_is_what_must_be_given
        and item.callspec.params["runner"] == "flink"
    ]
    return {"prism": run, "flink": OnFlink(tmp_path_factory.mktemp, wanted)}


def told(scenario: Scenario, played: Played) -> list[tuple[str, str]]:
    return [(one.kind, one.what) for one in differences(scenario, played)]


# -- what must follow ----------------------------------------------------------------------------


@pytest.mark.integration
@every_folder
@pytest.mark.parametrize("runner", ["prism", "flink"])
def test_what_is_given_is_what_must_be_given(
    folder: Path, runner: str, on_either: dict[str, Player]
) -> None:
    scenario, played, _ = on_either[runner](folder)
    found = differences(scenario, played)
    lines = "\n".join(f"  {one.kind:<11}{one.what}: {one.says}" for one in found)
    assert not found, f"{scenario.title}\n{lines}"


@on_prism
def test_what_is_sent_again_carries_the_same_id(run: Player) -> None:
    """`expected.jsonl` knows ids only; the log has every message."""
    scenario, _, place = run(HERE / "silent-store")
    url = f"sqlite://{place / 'log.db'}"
    scene = Scene(url, "retention.", stores=scenario.stores, shards=SHARDS)
    try:
        sent = [(one.store, one.command_id, one.attempt) for one in scene.commands()]
    finally:
        scene.close()
    assert [attempt for store, _, attempt in sent if store == "index"] == [1, 2, 3, 4]
    assert [attempt for store, _, attempt in sent if store == "images"] == [1]
    assert len({name for _, name, _ in sent}) == 2


# -- a changed expectation is reported -----------------------------------------------------------


@pytest.fixture
def default_limit(run: Player) -> Run:
    """The scenario that the changes below are made to."""
    return run(HERE / "uk-default-limit")


def changed(run: Run, *commands: Expected) -> list[tuple[str, str]]:
    return told(run.scenario._replace(commands=commands), run.played)


def moved(one: Expected, milliseconds: int) -> Expected:
    return one._replace(
        not_before=Instant(one.not_before + milliseconds),
        not_after=Instant(one.not_after + milliseconds),
    )


@on_prism
@pytest.mark.parametrize(
    ("milliseconds", "kind"), [(2 * MINUTE, "early"), (-2 * MINUTE, "late"), (0, None)]
)
def test_a_window_that_is_two_minutes_off_is_reported(
    default_limit: Run, milliseconds: int, kind: str | None
) -> None:
    first, *rest = default_limit.scenario.commands
    found = changed(default_limit, moved(first, milliseconds), *rest)
    assert [one for one, _ in found] == ([] if kind is None else [kind])


@on_prism
def test_a_command_that_no_line_names_is_unexpected(default_limit: Run) -> None:
    _, *rest = default_limit.scenario.commands
    (found,) = changed(default_limit, *rest)
    assert found == ("unexpected", "DELETE photo-1 in images under policy:acme/default")


@on_prism
@pytest.mark.parametrize("field", ["kind", "record", "store", "cause"])
def test_a_line_for_what_is_not_given_is_missing(default_limit: Run, field: str) -> None:
    commands = default_limit.scenario.commands
    other = Expected(**(commands[0]._asdict() | {field: "other"}))
    ((kind, what),) = changed(default_limit, *commands, other)
    assert kind == "missing"
    assert "other" in what


@on_prism
def test_a_finding_that_is_not_expected_or_not_told_is_reported(default_limit: Run) -> None:
    scenario, played, _ = default_limit
    nothing = scenario._replace(findings={})
    assert told(nothing, played) == [("unexpected", "finding NO_RULE")]
    more = scenario._replace(findings={"NO_RULE": 2, "OVERDUE": None}, quarantined={"empty": 1})
    assert told(more, played) == [
        ("missing", "finding NO_RULE"),
        ("missing", "finding OVERDUE"),
        ("missing", "in quarantine empty"),
    ]


# -- every folder is whole -----------------------------------------------------------------------


@every_folder
def test_a_folder_says_what_happens_what_must_follow_and_by_which_law(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    story = text.partition("\n---\n")[2]
    for part in ("**What happens.**", "**What must follow.**", "**Why each line is as it is.**"):
        assert part in story
    assert "https://" in story or "http://data.europa.eu/" in story
    assert 15 <= len(story.splitlines()) <= 40
    assert max(map(len, story.splitlines())) <= 170  # addresses are not broken


@every_folder
def test_a_folder_speaks_of_every_record(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    for line in (folder / "timeline.jsonl").read_text().splitlines():
        happening = json.loads(line)
        if happening["topic"] == "events" and isinstance(happening["value"], dict):
            record = happening["value"]["record_id"]
            assert f"`{record}`" in text or record.startswith("bad-"), record


@every_folder
def test_every_file_of_a_folder_is_used(folder: Path) -> None:
    known = {"README.md", "policy.yaml", "timeline.jsonl", "expected.jsonl"}
    timeline = (folder / "timeline.jsonl").read_text()
    named = set(re.findall(r'"file": "([^"]+)"', timeline))
    assert {file.name for file in folder.iterdir()} == known | named


@every_folder
def test_every_cause_is_a_rule_step_or_hold_of_the_folders_documents(folder: Path) -> None:
    causes = set()
    for file in folder.glob("*.yaml"):
        text = file.read_text()
        document = load(text, file.name).document
        kind = kind_of(text).removesuffix("ies").removesuffix("s")
        prefix = {"polic": "policy"}.get(kind, kind)
        names = [getattr(one, "rule_id", "") for one in getattr(document, "rules", ())]
        names += [getattr(one, "rule_id", "") for one in getattr(document, "duties", ())]
        if isinstance(document, Notice):
            names += [one.step_id for one in document.orders]
        if isinstance(document, Request):
            names.append(document.kind)
        causes |= {f"{prefix}:{document.document_id}/{name}" for name in (*names, "default")}
        # An information notice is a hold.
        causes |= {f"{prefix}:{document.document_id}", f"hold:{prefix}:{document.document_id}"}
    assert {one.cause for one in read_scenario(folder).commands} <= causes


@every_folder
def test_windows_are_a_minute_and_end_before_the_story(folder: Path) -> None:
    scenario = read_scenario(folder)
    for one in scenario.commands:
        assert one.not_after - one.not_before == MINUTE or folder.name in WIDE
        assert one.not_before < one.not_after < scenario.until


@every_folder
def test_the_vectors_that_are_cited_exist(folder: Path) -> None:
    known = set(re.findall(r'"id": "([A-Z][0-9]{2})"', VECTORS.read_text()))
    cited = set(re.findall(r"\b[VHLC][0-9]{2}\b", (folder / "README.md").read_text()))
    assert cited <= known


@every_folder
def test_the_list_of_scenarios_has_the_folder(folder: Path) -> None:
    assert f"| [{folder.name}]({folder.name}) |" in (HERE / "README.md").read_text()
