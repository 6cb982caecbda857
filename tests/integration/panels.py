"""The panels of the dashboard, asked of a real Prometheus."""

from pipeline.metrics.dashboard import PAGE
from pipeline.testing.prometheus import LocalPrometheus

EMPTY = {
    *("Open errors", "Not obeyed", "Paused for", "Requests", "Notices: time left"),
    "Notices: records settled, of those in scope",
}
"""Panels of what that run has none of."""


def panels_without_numbers(prometheus: LocalPrometheus) -> set[str]:
    """Ask every query of the dashboard, none of them wrong; return the panels without an answer."""
    return {
        panel.title
        for row in PAGE.values()
        for panel in row
        if not any(
            prometheus.get("/api/v1/query", query=query)["result"]
            for query in panel.queries.values()
        )
    }
