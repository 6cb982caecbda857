"""Texts of documents, filled in so that a test shows only what it is about."""

from pathlib import Path

BROKEN = Path(__file__).parent.parent / "data" / "documents"
EXAMPLES = Path(__file__).parent.parent.parent / "deploy" / "examples"

CITATION = "{law: UK GDPR, article: 5(1)(e), url: https://www.legislation.gov.uk/}"


def rule(
    rule_id: str = "faces",
    *,
    match: str = "{residency: [GB]}",
    clock: str = "collected",
    limit: str = "P6M",
    mode: str = "enforce",
    more: str = "at_most: 100",
) -> str:
    """Return one entry of `rules`."""
    return (
        f"  - {{id: {rule_id}, match: {match}, clock: {clock}, limit: {limit}, "
        f"citation: {CITATION}, mode: {mode}{', ' + more if more else ''}}}\n"
    )


def policy(
    *rules: str, name: str = "acme", version: int = 1, default: str = "P30D", more: str = ""
) -> str:
    """Return a policy."""
    return (
        f"policy: {name}\nversion: {version}\nzone: Europe/London\n"
        f"default: {{limit: {default}, citation: {CITATION}}}\n{more}"
        + ("rules:\n" + "".join(rules) if rules else "")
    )


def notice(
    *, name: str = "ico", version: int = 1, match: str = "{residency: [GB]}", more: str = ""
) -> str:
    """Return a notice with one step."""
    return (
        f"notice: {name}\nversion: {version}\nauthority: GB-ICO\ncitation: {CITATION}\n"
        f"match: {match}\n{more}steps:\n  - {{id: delete, action: delete, "
        "not_before: 2022-06-15T23:00:00Z, complete_by: 2022-12-16T00:00:00Z}\n"
    )


def hold(
    selectors: str = "records: [r-1]",
    *,
    name: str = "h-1",
    version: int = 1,
    state: str = "active",
) -> str:
    """Return a hold."""
    return f"hold: {name}\nversion: {version}\nstate: {state}\nreason: litigation\n{selectors}\n"


def control(action: str = "pause", *, scope: str = "all", version: int = 1) -> str:
    """Return a control."""
    return f"control: '{scope}'\nversion: {version}\naction: {action}\nreason: a reason\n"
