"""The catalogue: names as Prometheus wants them, words as the vocabulary has them, no ids."""

import ast
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.metrics.catalogue import BY_NAME, METRICS
from pipeline.metrics.exposition import exposition
from pipeline.metrics.metric import (
    BANDS,
    CAUSES,
    REASONS,
    STATUSES,
    Metric,
)
from pipeline.wire.trust import DISTRUSTED_FOR
from tests.metrics.build import Desk
from tests.support.build import event

ROOT = Path(__file__).parents[2]
UNITS = (
    "_seconds",
    "_messages",
    "_records",
    "_commands",
    "_shards",
    "_partitions",
    "_findings",
    "_pauses",
    "_requests",
)
OTHERS = {"retention_records", "retention_observed_deletions", "retention_exporter_rereads"}
FEW = {
    *("topic", "reason", "status", "band", "within", "kind", "cause_kind", "store", "outcome"),
    *("severity", "notice", "step", "scope", "state", "partition"),
}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_named_and_explained(metric: Metric) -> None:
    assert re.fullmatch(r"retention(_[a-z]+)+", metric.name)
    assert (metric.type == "counter") == metric.name.endswith("_total")
    assert metric.type == "counter" or metric.name.endswith(UNITS) or metric.name in OTHERS
    assert metric.unit
    for text in (metric.help, metric.action):
        assert len(text.split()) >= 4, text
        assert text.endswith(".")
    assert set(metric.labels) <= FEW


def test_every_metric_is_there_once() -> None:
    assert len(BY_NAME) == len(METRICS) >= 30


def test_reasons_are_those_that_the_sources_give() -> None:
    found = set()
    for path in (ROOT / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Undecodable"
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(node.args[0].value)
    assert found | {refusal.value.lower() for refusal in DISTRUSTED_FOR} == set(REASONS)


def test_what_is_exported_is_the_catalogue(desk: Desk) -> None:
    desk.happen(event("secret-record", at=1_767_225_600_000))
    page = exposition(desk.figures()).decode()
    families = {family.name: family for family in text_string_to_metric_families(page)}
    for metric in METRICS:
        family = families.pop(metric.name.removesuffix("_total"))
        assert family.type == metric.type
        assert family.documentation == metric.help
        assert all(set(sample.labels) == set(metric.labels) for sample in family.samples)
        assert metric.labels or len(family.samples) == 1
    assert not families


def test_no_id_of_a_record_a_person_or_a_command_is_exported(desk: Desk) -> None:
    desk.happen(event("secret-record", at=1_767_225_600_000, what="created"))
    desk.until(1_767_225_600_000 + 10 * 86_400_000)
    [command] = desk.scene.commands()
    page = exposition(desk.figures()).decode()
    for secret in ("secret-record", "s-secret", command.command_id, command.generation):
        assert secret not in page


def test_words_of_the_catalogue_are_those_of_the_ledger() -> None:
    source = (ROOT / "pipeline/ledger/unanswered.py").read_text()
    assert all(f'"{status}"' in source for status in STATUSES)
    assert set(BANDS) == {"RESIDENT", "LIKELY", "UNKNOWN", "NONE"}
    for kind, file in zip(
        CAUSES,
        ("documents/policy", "documents/values", "documents/requests", "ledger/restricting"),
        strict=True,
    ):
        assert f'Cause(f"{kind}:' in (ROOT / f"pipeline/{file}.py").read_text()
