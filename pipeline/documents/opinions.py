"""Third pass: what is allowed but seldom meant. Each opinion has a name and is a warning.

A document that reaches this pass is valid; nothing here refuses it.
"""

from pipeline.documents.match import Match
from pipeline.documents.policy import DEFAULT_LEAD, Citation, Policy, Rule
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.territories import GROUPS, names_covering
from pipeline.documents.values import Control, Document, Notice
from pipeline.instants import DAY
from pipeline.periods import Period
from pipeline.vocabulary import UNKNOWN

_TEN_YEARS_DAYS = 10 * 366


def note_opinions(document: Document, notes: Notes) -> None:
    """Note every warning about a valid document."""
    if isinstance(document, Policy):
        _policy(document, notes)
    elif isinstance(document, Notice):
        _url(document.citation, ("citation",), notes)
        _unknown_residency(document.match, notes)
    elif isinstance(document, Control) and document.action == "pause" and document.scope == "all":
        what = "every deletion stops, also those with a deadline"
        remedy = "resume as soon as the reason has gone, or pause one store or rule"
        _warn(notes, ("control",), "pause-of-all", what, remedy)


def _warn(notes: Notes, path: Path, name: str, what: str, remedy: str) -> None:
    notes.add(path, what=what, remedy=remedy, severity="warning", name=name)


def _policy(policy: Policy, notes: Notes) -> None:
    _limit(policy.default.limit, ("default",), notes)
    _url(policy.default.citation, ("default", "citation"), notes)
    for at, rule in enumerate(policy.rules):
        path: Path = ("rules", at)
        _limit(rule.limit, path, notes)
        _url(rule.citation, (*path, "citation"), notes)
        if rule.mode == "enforce" and rule.at_most is None:
            what = f"the rule `{rule.rule_id}` may delete any number of records a day"
            remedy = "add `at_most:` with the most you expect; above it the rule stops and asks"
            _warn(notes, path, "no-daily-limit", what, remedy)
        _shadowed(rule, policy.rules[:at], path, notes)
        _shadowed(rule, policy.rules[at + 1 :], path, notes, equals=False)
    if policy.rules and all(rule.mode == "observe" for rule in policy.rules):
        what = "every rule only observes: nothing but the default limit deletes"
        remedy = "set `mode: enforce` once the decisions look right"
        _warn(notes, ("rules",), "observe-only", what, remedy)
    if policy.effective_from is not None:
        what = "`effective_from` is recorded, but a version applies from its publication"
        remedy = "publish the version on the day it takes effect"
        _warn(notes, ("effective_from",), "effective-from-not-applied", what, remedy)
    _leads(policy, notes)


def _limit(limit: Period, path: Path, notes: Notes) -> None:
    if _longest_days(limit) > _TEN_YEARS_DAYS:
        what = f"`limit`: {limit.in_words()} is over 10 years"
        remedy = "shorten it, or make sure that the citation calls for so long a time"
        _warn(notes, (*path, "limit"), "limit-over-ten-years", what, remedy)


def _url(citation: Citation, path: Path, notes: Notes) -> None:
    if citation.url is None:
        what = f"the citation of {citation.text} has no `url`"
        remedy = "add the address of the text, so that a reader can check it"
        _warn(notes, path, "no-citation-url", what, remedy)


def _unknown_residency(match: Match, notes: Notes) -> None:
    if match.residency and UNKNOWN not in match.residency:
        what = "records of unknown residency are not reached by this notice"
        remedy = f"add {UNKNOWN} to `residency` if they must be"
        _warn(notes, ("match", "residency"), "unknown-residency-not-reached", what, remedy)


def _leads(policy: Policy, notes: Notes) -> None:
    limits = [policy.default.limit, *(rule.limit for rule in policy.rules)]
    shortest = min(limits, key=_shortest_days)
    named = [(store.lead, ("stores", name, "lead")) for name, store in policy.stores.items()]
    for lead, path in named:
        if lead >= _shortest_days(shortest) * DAY:
            what = f"`lead` is not shorter than the shortest limit, {shortest.in_words()}"
            remedy = "shorten the lead; such records would be deleted as soon as they come"
            _warn(notes, path, "lead-longer-than-limit", what, remedy)
    if not named and _shortest_days(shortest) * DAY <= DEFAULT_LEAD:
        what = f"the lead of stores not named, 1 day, is not shorter than {shortest.in_words()}"
        remedy = "name the stores under `stores:` with a shorter `lead`"
        _warn(notes, (), "lead-longer-than-limit", what, remedy)


def _shortest_days(period: Period) -> float:
    years, months = divmod(period.total_months, 12)
    return years * 365 + months * 28 + period.total_days + period.clock_ms / DAY


def _longest_days(period: Period) -> float:
    years, months = divmod(period.total_months, 12)
    return years * 366 + months * 31 + period.total_days + period.clock_ms / DAY


def _shadowed(
    rule: Rule, others: tuple[Rule, ...], path: Path, notes: Notes, *, equals: bool = True
) -> None:
    """Warn when another rule covers all that this one does and never decides later."""
    for other in others:
        same = other.limit == rule.limit
        sooner = _longest_days(other.limit) <= _shortest_days(rule.limit)
        if (
            other.mode == "enforce"
            and other.clock == rule.clock
            and other.reckoning == rule.reckoning
            and ((same and (equals or not _covers_all(rule.match, other.match))) or sooner)
            and _covers_all(other.match, rule.match)
        ):
            what = f"the rule `{rule.rule_id}` never decides: `{other.rule_id}` covers all it does"
            remedy = "of several maxima the earliest holds; shorten its limit or leave it out"
            _warn(notes, path, "shadowed-rule", what, remedy)
            return


def _covers_all(wide: Match, narrow: Match) -> bool:
    axes = (
        (wide.purposes, narrow.purposes),
        (wide.categories, narrow.categories),
        (wide.lawful_bases, narrow.lawful_bases),
        (wide.sources, narrow.sources),
    )
    if not all(not some or (few and set(few) <= set(some)) for some, few in axes):
        return False
    if not wide.residency:
        return True
    return bool(narrow.residency) and all(_resides(word, wide) for word in narrow.residency)


def _resides(word: str, wide: Match) -> bool:
    if word == UNKNOWN or word in wide.residency:
        return True  # every rule covers unknown residency
    members = GROUPS.get(word, frozenset({word}))
    return all(not names_covering(code).isdisjoint(wide.residency) for code in members)
