"""The demo removes what a demo left in its folder, and nothing else."""

from pathlib import Path

import pytest

from pipeline.demo import __main__ as demo


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders in which a story was played, without playing one."""
    found: list[Path] = []

    def run(_console: object, _story: object, folder: Path) -> int:
        (folder / "report.html").touch()
        found.append(folder)
        return 0

    monkeypatch.setattr(demo, "_run", run)
    return found


def test_what_a_former_demo_left_is_removed(tmp_path: Path, played: list[Path]) -> None:
    for _ in range(2):
        assert demo.main(["--folder", str(tmp_path)]) == 0
        (tmp_path / "story" / "report.html").rename(tmp_path / "story" / "old.html")
    assert played == [tmp_path / "story"] * 2
    names = [file.name for file in (tmp_path / "story").iterdir()]
    assert sorted(names) == [demo.MARK, "old.html"]


def test_what_somebody_else_keeps_there_stays(
    tmp_path: Path, played: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "story").mkdir()
    (tmp_path / "story" / "novel.txt").write_text("chapter one")
    (tmp_path / "lock").write_text("mine")
    assert demo.main(["--folder", str(tmp_path)]) == 2
    assert "was not made by a demo" in capsys.readouterr().out
    assert (tmp_path / "story" / "novel.txt").read_text() == "chapter one"
    assert (tmp_path / "lock").read_text() == "mine"
    assert played == []


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_stays(tmp_path: Path, played: list[Path], kind: str) -> None:
    story, elsewhere = tmp_path / "story", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / demo.MARK).touch()
    if kind == "file":
        story.write_text("chapter one")
    else:
        story.symlink_to(elsewhere)
    assert demo.main(["--folder", str(tmp_path)]) == 2
    assert story.exists()
    assert (elsewhere / demo.MARK).exists()
    assert played == []


def test_an_empty_folder_is_used(tmp_path: Path, played: list[Path]) -> None:
    (tmp_path / "story").mkdir()
    assert demo.main(["--folder", str(tmp_path)]) == 0
    assert played == [tmp_path / "story"]


def test_the_projects_own_folder_needs_no_mark(
    tmp_path: Path, played: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "CACHE", tmp_path)
    (tmp_path / "story").mkdir()
    (tmp_path / "story" / "old.html").touch()
    assert demo.main([]) == 0
    assert not (tmp_path / "story" / "old.html").exists()
