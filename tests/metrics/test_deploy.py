"""Alerts, runbook and dashboard: held against the catalogue, and alerts caused by promtool."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.metrics.catalogue import BY_NAME
from pipeline.metrics.dashboard import PAGE, dashboard, to_json

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
ALERTS: dict[str, Any] = {
    rule["alert"]: rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
}
TESTS: list[Any] = yaml.safe_load((PROMETHEUS / "alerts.test.yaml").read_text())["tests"]
RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text()
ENTRIES = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
SELECTOR = re.compile(r"\b(retention_\w+)(?:\{([^}]*)\})?")
SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds to everything."""
MATCHER = re.compile(r'(\w+)(?:=~|!~|!=|=)"')


def check_selectors(text: str) -> None:
    """Every metric and label in an expression is in the catalogue."""
    for name, inside in SELECTOR.findall(text):
        assert name in BY_NAME, name
        assert set(MATCHER.findall(inside)) <= {*BY_NAME[name].labels, *SCRAPED}, (name, inside)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_complete_and_about_metrics_there_are(name: str) -> None:
    alert = ALERTS[name]
    assert re.fullmatch(r"Retention[A-Z]\w+", name)
    assert SELECTOR.search(alert["expr"])
    check_selectors(alert["expr"])
    assert alert["for"]
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert alert["annotations"].keys() == {"summary", "runbook_url"}
    assert alert["annotations"]["runbook_url"] == f"deploy/RUNBOOK.md#{name.lower()}"
    known = {label for metric in BY_NAME.values() for label in metric.labels} | SCRAPED
    shown = re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"])
    assert set(shown) <= known


def test_the_runbook_has_an_entry_for_each_alert_and_no_other() -> None:
    assert list(ENTRIES) == list(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_an_entry_says_what_it_means_what_to_look_at_and_what_to_do(name: str) -> None:
    parts = re.findall(r"^\*\*(Means|Look at|Do)\*\*: (.+?)$", ENTRIES[name], re.MULTILINE)
    assert [part for part, _ in parts] == ["Means", "Look at", "Do"]
    for other in re.findall(r"Retention[A-Z]\w+", ENTRIES[name]):
        assert other in ALERTS
    for path in re.findall(r"\b(?:deploy|pipeline)/[\w./-]+\w", ENTRIES[name]):
        assert (DEPLOY.parent / path).exists(), path


def test_the_panels_that_the_runbook_names_are_on_the_dashboard() -> None:
    titles = {panel.title for row in PAGE.values() for panel in row}
    named = {name.rstrip(".") for name in re.findall(r'"([A-Z][\w ]+)"', RUNBOOK)}
    assert named
    assert named <= titles


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_is_caused_in_one_test_and_spared_in_another(name: str) -> None:
    cases = [
        (bool(case["exp_alerts"]), test["input_series"])
        for test in TESTS
        for case in test["alert_rule_test"]
        if case["alertname"] == name
    ]
    assert {fires for fires, _ in cases} == {True, False}
    for _, series in cases:
        for one in series:
            check_selectors(one["series"])


def promtool(*arguments: str) -> None:
    assert shutil.which("promtool"), "promtool is missing: make prometheus"
    ran = subprocess.run(["promtool", *arguments], capture_output=True, text=True, cwd=PROMETHEUS)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.integration
def test_promtool_finds_nothing_wrong_and_every_alert_fires_when_caused() -> None:
    promtool("check", "config", "prometheus.yaml")
    promtool("check", "rules", "alerts.yaml")
    promtool("test", "rules", "alerts.test.yaml")


# -- dashboard ---------------------------------------------------------------------------------


def test_the_dashboard_checked_in_is_the_one_that_is_made() -> None:
    """Make it again: `make dashboard`."""
    assert (DEPLOY / "grafana" / "retention.json").read_text() == to_json()


def test_no_panel_is_without_a_metric_and_no_metric_without_a_panel() -> None:
    panels = [panel for row in PAGE.values() for panel in row]
    assert all(panel.metrics for panel in panels)
    for panel in panels:
        for query in panel.queries.values():
            check_selectors(query)
    assert {name for panel in panels for name in panel.metrics} == set(BY_NAME)


def test_counters_are_shown_as_rates_and_legends_name_labels_that_are_left() -> None:
    for panel in (panel for row in PAGE.values() for panel in row):
        for legend, query in panel.queries.items():
            for name in SELECTOR.findall(query):
                counter = BY_NAME[name[0]].type == "counter"
                assert counter == bool(re.search(r"rate\(|increase\(", query)), query
            left = re.search(r"by \(([^)]*)\)", query)
            # Of a difference that groups to the right, the labels are those of what is right.
            of = SELECTOR.findall(query)[-1 if "group_right" in query else 0][0]
            labels = set(left[1].split(", ")) if left else set(BY_NAME[of].labels)
            assert set(re.findall(r"{{(\w+)}}", legend)) <= labels, legend


def test_panels_lie_side_by_side_and_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(to_json())["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])
