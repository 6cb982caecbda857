"""Stores that no event names: they are told something by a document itself."""

from pathlib import Path

from pipeline.stories.scenario import read_scenario
from tests.stories.build import EVENT, POLICY, happening, lines, written

NOTICE = """notice: ico-1
version: 1
authority: GB-ICO
citation: {law: DPA 2018, article: s.149, url: "https://example.org/149"}
match: {residency: [GB]}
steps:
  - id: stop
    action: stop_collection
    tell: [crawler, indexer]
    not_before: 2022-04-01T00:00:00Z
    complete_by: 2022-05-01T00:00:00Z
"""


def test_who_a_notice_tells_is_a_store_of_the_story(tmp_path: Path) -> None:
    by_file = happening("notices", {"file": "notice.yaml"})
    timeline = lines(happening("events", EVENT), by_file)
    folder = written(tmp_path / "file", timeline=timeline)
    (folder / "notice.yaml").write_text(NOTICE)
    assert read_scenario(folder).stores == ("crawler", "images", "indexer")
    by_text = happening("notices", {"text": NOTICE})
    timeline = lines(happening("events", EVENT), by_text)
    folder = written(tmp_path / "text", timeline=timeline)
    assert read_scenario(folder).stores == ("crawler", "images", "indexer")


def test_who_tells_recipients_is_a_store_of_the_story(tmp_path: Path) -> None:
    folder = written(tmp_path / "photo", policy=f"{POLICY}notifier: desk\n")
    assert read_scenario(folder).stores == ("desk", "images")
