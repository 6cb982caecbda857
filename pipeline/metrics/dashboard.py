"""Grafana's page as code: `python -m pipeline.metrics.dashboard` prints it as JSON.

Every panel says in its description what its metrics are and what to do when they move, as the
catalogue has it. Every metric of the catalogue is on it.
"""

import json
import re
import sys
from typing import Any, Literal, NamedTuple

from pipeline.metrics.catalogue import BY_NAME

Kind = Literal["timeseries", "stat", "table"]
WIDTH = 24
HEIGHT = 8
STAT_HEIGHT = 4
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_METRIC = re.compile(r"\bretention_\w+")
_ALIVE = 'retention_records{status!="DELETED"}'


class Panel(NamedTuple):
    """One panel: queries by legend, and Grafana's word for their unit."""

    title: str
    queries: dict[str, str]
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 8

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics it shows, in order."""
        names = (name for query in self.queries.values() for name in _METRIC.findall(query))
        return tuple(dict.fromkeys(names))


def _stat(title: str, query: str, unit: str = "short") -> Panel:
    return Panel(title, {"": query}, unit, "stat", 4)


PAGE: dict[str, tuple[Panel, ...]] = {
    "Now": (
        _stat("Overdue commands", "sum(retention_overdue_commands)"),
        _stat("Limits passed", 'retention_limits_due_records{within="passed"}'),
        _stat("Records without a limit", "retention_unlimited_records"),
        _stat("Withheld commands", "retention_withheld_commands"),
        _stat("Oldest command", "retention_oldest_outstanding_age_seconds", "s"),
        _stat("Watermark lag", "retention_watermark_lag_seconds", "s"),
    ),
    "Flow": (
        Panel(
            "Events",
            {
                "published {{topic}}": "rate(retention_events_published_total[5m])",
                "acknowledged {{topic}}": "rate(retention_events_acknowledged_total[5m])",
            },
            "mps",
        ),
        Panel("Messages waiting", {"{{topic}}": "retention_consumer_lag_messages"}),
        Panel(
            "How late",
            {
                "watermark": "retention_watermark_lag_seconds",
                "slowest shard": "retention_shard_time_lag_seconds",
                "due deadline": "retention_wake_lag_seconds",
            },
            "s",
        ),
        Panel(
            "Partitions furthest behind",
            {
                "behind {{topic}}/{{partition}}": (
                    "topk(5, retention_partition_watermark_lag_seconds)"
                ),
                "stands {{topic}}/{{partition}}": "topk(5, retention_partition_stalled_seconds)",
            },
            "s",
        ),
        Panel(
            "Quarantine",
            {"{{topic}} {{reason}}": "retention_quarantined_messages > 0"},
        ),
        Panel(
            "Clocks",
            {
                "difference (s)": "retention_clock_difference_seconds",
                "paused shards": "retention_paused_shards",
            },
        ),
        Panel(
            "Partitions",
            {
                "there: {{topic}}": "retention_existing_partitions",
                "read: {{topic}}": "retention_assigned_partitions",
            },
            kind="table",
        ),
    ),
    "Obligations": (
        Panel("Records by status", {"{{status}}": "sum by (status) (retention_records)"}),
        Panel("Records by residency", {"{{band}}": f"sum by (band) ({_ALIVE})"}),
        Panel(
            "Residency not concluded",
            {
                "": "retention_unknown_residency_records / on (job, instance) "
                f"sum by (job, instance) ({_ALIVE})"
            },
            "percentunit",
        ),
        Panel("Limits ahead", {"{{within}}": "retention_limits_due_records"}),
        Panel(
            "Restricted, held, collected again",
            {
                "restricted": "retention_restricted_records",
                "held": "retention_held_records",
                "collected again": "retention_returned_records",
                "to be looked at": "retention_unreviewed_records",
            },
        ),
        Panel(
            "Notices: records settled, of those in scope",
            {
                "settled {{notice}} {{step}}": "retention_notice_settled_records",
                "in scope {{notice}} {{step}}": "retention_notice_scope_records",
            },
        ),
        Panel(
            "Notices: time left",
            {
                "{{notice}} {{step}}": "retention_notice_deadline_timestamp_seconds"
                " - on (job, instance) group_left () retention_broker_timestamp_seconds"
            },
            "s",
            "table",
        ),
    ),
    "People's requests": (
        Panel("Requests", {"{{kind}} {{state}}": "retention_requests > 0"}),
        Panel("To be answered", {"{{within}}": "retention_unanswered_requests"}),
    ),
    "Commands": (
        Panel(
            "Commands an hour",
            {
                "{{kind}} {{cause_kind}}": "sum by (kind, cause_kind)"
                " (increase(retention_commands_total[1h])) > 0"
            },
        ),
        Panel(
            "Messages to stores and back",
            {
                "to {{store}}": "rate(retention_command_messages_total[5m])",
                "receipts": "rate(retention_receipts_acknowledged_total[5m])",
            },
            "mps",
        ),
        Panel("Outstanding", {"{{store}} {{kind}}": "retention_outstanding_commands"}),
        Panel("Answers", {"{{outcome}}": "retention_answered_commands > 0"}),
        Panel("Overdue", {"{{store}}": "retention_overdue_commands"}),
        Panel("Not obeyed", {"{{store}} {{outcome}}": "retention_refused_commands > 0"}),
        Panel(
            "Paused for",
            {
                "{{scope}}": "retention_broker_timestamp_seconds"
                " - on (job, instance) group_right () retention_oldest_pause_timestamp_seconds"
            },
            "s",
        ),
        Panel(
            "Governor",
            {
                "withheld": "retention_withheld_commands",
                "shards that have not confirmed": "retention_unconfirmed_shards",
                "pauses of {{scope}}": "retention_active_pauses > 0",
                "only observed": "retention_observed_deletions",
            },
        ),
    ),
    "Findings and exporter": (
        Panel("Open errors", {"{{kind}}": 'retention_open_findings{severity="error"} > 0'}),
        Panel("Open warnings", {"{{kind}}": 'retention_open_findings{severity="warning"} > 0'}),
        Panel("Findings, open and resolved", {"{{kind}}": "retention_findings > 0"}),
        Panel(
            "Exporter",
            {
                "unreadable {{topic}}": "retention_unreadable_messages",
                "reads the inventory again": "retention_exporter_rereads",
            },
        ),
    ),
}
"""Rows of panels by title."""


def dashboard() -> dict[str, Any]:
    """Return the page as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in PAGE.items():
        place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
        panels.append({"type": "row", "title": title, "collapsed": False, "gridPos": place})
        top, left, height = top + 1, 0, 0
        for panel in row:
            if left + panel.width > WIDTH:
                top, left = top + height, 0
            height = STAT_HEIGHT if panel.kind == "stat" else HEIGHT
            place = {"h": height, "w": panel.width, "x": left, "y": top}
            panels.append(_drawn(panel, place))
            left += panel.width
        top += height
    for number, drawn in enumerate(panels, start=1):
        drawn["id"] = number
    return {
        "uid": "retention",
        "title": "Data retention",
        "description": "What is due, what was commanded, what is late. See deploy/RUNBOOK.md.",
        "tags": ["retention"],
        "timezone": "browser",
        "editable": False,
        "refresh": "30s",
        "schemaVersion": 39,
        "time": {"from": "now-24h", "to": "now"},
        "templating": {
            "list": [
                {"name": "source", "label": "Source", "type": "datasource", "query": "prometheus"}
            ]
        },
        "panels": panels,
    }


def _drawn(panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    table = panel.kind == "table"
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": "\n\n".join(
            f"**{name}**: {BY_NAME[name].help} {BY_NAME[name].action}" for name in panel.metrics
        ),
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {},
        "targets": [
            {
                "datasource": _SOURCE,
                "refId": chr(ord("A") + number),
                "expr": query,
                "legendFormat": legend or panel.title,
                "instant": table,
                "range": not table,
                "format": "table" if table else "time_series",
            }
            for number, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def to_json() -> str:
    """Return the page as it is checked in under `deploy/grafana`."""
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(to_json())
