"""The example in schemas/README.md, run as it stands there."""

import re
from pathlib import Path

import pytest

from pipeline.reference_store import ReferenceStore
from pipeline.transports import open_broker
from pipeline.transports.topics import Topics

README = Path(__file__).parents[2] / "schemas" / "README.md"


def test_the_example_keeps_a_record_and_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    (program,) = [text for text in blocks if "reference_store" in text]
    monkeypatch.chdir(tmp_path)
    with open_broker("sqlite://log.db") as broker:
        broker.create(Topics().specs(stores=("images",)))
    exec(compile(program, str(README), "exec"), {})
    assert capsys.readouterr().out == "['img-1']\n"
    with ReferenceStore("images.db", "images") as store:
        assert store.counts().images == 1
