"""Third pass: what is allowed but seldom meant. Each opinion has a name and is a warning.

A document that reaches this pass is valid; nothing here refuses it.
"""

from pipeline.documents.life import standing
from pipeline.documents.match import Match
from pipeline.documents.policy import DEFAULT_LEAD, Citation, Policy, Rule
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.relations import covers_all, may_meet
from pipeline.documents.requests import Request
from pipeline.documents.values import Control, Document, Notice, Window
from pipeline.instants import DAY, Instant
from pipeline.periods import Period
from pipeline.vocabulary import LAWFUL_BASIS_TAXONOMY, UNKNOWN, Anchor

_TEN_YEARS_DAYS = 10 * 366
_CONSENT = "dpv:Consent"
_ROOTS = frozenset({"dpv:Purpose", "dpv:Data", "dpv:PersonalData"})


def note_opinions(document: Document, notes: Notes, now: Instant | None = None) -> None:
    """Note every warning about a valid document.

    Args:
        document: the document.
        notes: where warnings go.
        now: the present, to tell which deadlines have passed; None: none is looked at.
    """
    if isinstance(document, Policy):
        _policy(document, notes)
    elif isinstance(document, Notice):
        _url(document.citation, ("citation",), notes)
        _unknown_residency(document, notes)
        if document.mode == "observe":
            what = "this notice is only observed: nothing that it orders is commanded"
            remedy = "set `mode: enforce` once the decisions look right, well before its deadlines"
            _warn(notes, ("mode",), "notice-observed", what, remedy)
        _means_everything(document.match, ("match",), notes)
        _deadlines(document, notes, now)
    elif isinstance(document, Request):
        _request(document, notes, now)
    elif isinstance(document, Control) and document.action == "exclude":
        what = "deadlines no longer wait for what lies unread in this partition"
        remedy = "publish `include` as soon as it is read again; until then something that it says "
        _warn(notes, ("control",), "partition-excluded", what, remedy + "may come too late")
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
        path: Path = _place(policy, at)
        _limit(rule.limit, path, notes)
        _url(rule.citation, (*path, "citation"), notes)
        _means_everything(rule.match, (*path, "match"), notes)
        _never_starts(rule, path, notes)
        if rule.bound == "minimum":
            _too_long_to_keep(policy, at, notes)
        elif rule.mode == "enforce" and rule.at_most is None:
            what = f"the rule `{rule.rule_id}` may delete any number of records a day"
            remedy = "add `at_most:` with the most you expect; above it the rule stops and asks"
            _warn(notes, path, "no-daily-limit", what, remedy)
        _shadowed(rule, policy.rules[:at], path, notes)
        _shadowed(rule, policy.rules[at + 1 :], path, notes, equals=False)
    if policy.rules and all(rule.mode == "observe" for rule in policy.rules):
        what = "every rule only observes: nothing but the default limit deletes"
        remedy = "set `mode: enforce` once the decisions look right"
        _warn(notes, ("rules",), "observe-only", what, remedy)
    _leads(policy, notes)


def _place(policy: Policy, at: int) -> Path:
    """Return where a rule is written, or the pack that it comes from is named."""
    pack = policy.rules[at].pack
    if not pack:
        return ("rules", at)
    return ("packs", [used.name for used in policy.packs].index(pack))


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


def _unknown_residency(notice: Notice, notes: Notes) -> None:
    match = notice.match
    named = UNKNOWN in match.residency
    if notice.unknown == "leave" and (match.residency or match.present) and not named:
        what = "records of unknown residency are left as they are by this notice"
        remedy = "leave `unknown` out, so that they are restricted until residency is concluded"
        _warn(notes, ("unknown",), "unknown-residency-left", what, remedy)


def _leads(policy: Policy, notes: Notes) -> None:
    maxima = [rule.limit for rule in policy.rules if rule.bound == "maximum"]
    limits = [policy.default.limit, *maxima]
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
        if (other.bound, other.clock, other.citation.jurisdiction) != (
            rule.bound,
            rule.clock,
            rule.citation.jurisdiction,
        ):
            continue
        same = other.limit == rule.limit
        first, last = (other, rule) if rule.bound == "maximum" else (rule, other)
        decides = _longest_days(first.limit) <= _shortest_days(last.limit)
        if (
            other.mode == "enforce"
            and other.reckoning == rule.reckoning
            and ((same and (equals or not _covers(rule, other))) or decides)
            and _covers(other, rule)
        ):
            which = "earliest" if rule.bound == "maximum" else "latest"
            what = f"the rule `{rule.rule_id}` never decides: `{other.rule_id}` covers all it does"
            remedy = f"of several {rule.bound[:-2]}a the {which} holds; correct or leave out one"
            _warn(notes, path, "shadowed-rule", what, remedy)
            return


def _covers(wide: Rule, narrow: Rule) -> bool:
    return covers_all(wide.match, narrow.match, unknown=wide.bound == "maximum")


def _never_starts(rule: Rule, path: Path, notes: Notes) -> None:
    """Warn of a clock that nothing can start for the records that match."""
    bases = rule.match.lawful_bases
    if rule.clock != Anchor.CONSENT_WITHDRAWN or not bases:
        return
    related = [
        base
        for base in bases
        if LAWFUL_BASIS_TAXONOMY.covers(base, _CONSENT)
        or LAWFUL_BASIS_TAXONOMY.covers(_CONSENT, base)
    ]
    if not related:
        what = f"the rule `{rule.rule_id}` can never decide: its records are not held by consent"
        if rule.bound == "minimum":
            what = f"nothing ends the minimum `{rule.rule_id}`: its records are not held by consent"
        remedy = f"name {_CONSENT} under `lawful_basis`, or choose another clock"
        _warn(notes, (*path, "clock"), "rule-never-matches", what, remedy)


def _means_everything(match: Match, path: Path, notes: Notes) -> None:
    """Warn of words that every purpose or category is below."""
    axes = (("purpose", match.purposes), ("category", match.categories))
    for key, words in axes:
        for word in words:
            if word in _ROOTS:
                what = f"`{key}`: `{word}` covers everything"
                remedy = "leave the axis out if that is meant, or name narrower terms"
                _warn(notes, (*path, key), "word-covers-everything", what, remedy)


def _too_long_to_keep(policy: Policy, at: int, notes: Notes) -> None:
    """Warn of a duty to keep that outlasts a duty to delete the same records."""
    minimum, place = policy.rules[at], _place(policy, at)
    for other in policy.rules:
        if (
            other.bound == "maximum"
            and other.mode == "enforce"
            and other.clock == minimum.clock
            and _shortest_days(minimum.limit) > _longest_days(other.limit)
            and may_meet(minimum.match, other.match)
        ):
            what = (
                f"the minimum `{minimum.rule_id}` ({minimum.limit.in_words()}) is longer than the "
                f"maximum `{other.rule_id}` ({other.limit.in_words()}) of records that both cover"
            )
            remedy = "such records are kept, restricted, until the minimum ends; correct one limit"
            _warn(notes, (*place, "limit"), "minimum-longer-than-maximum", what, remedy)
            return
    limited = any(
        other.bound == "maximum" and other.mode == "enforce" and _covers(other, minimum)
        for other in policy.rules
    )
    longer = _shortest_days(minimum.limit) > _longest_days(policy.default.limit)
    if longer and not limited and minimum.clock == Anchor.COLLECTED:
        what = (
            f"the minimum `{minimum.rule_id}` ({minimum.limit.in_words()}) is longer than the "
            f"default limit ({policy.default.limit.in_words()}), which holds for its records"
        )
        remedy = "add a maximum for them, not shorter than the minimum"
        _warn(notes, (*place, "limit"), "minimum-longer-than-maximum", what, remedy)


def _request(request: Request, notes: Notes, now: Instant | None) -> None:
    if now is None:
        return
    instants = {
        "received": request.received,
        "answered": request.answered,
        "collected_before": request.collected_before,
    }
    for key, at in instants.items():
        if at is not None and at > now:
            what = f"`{key}` lies in the future"
            _warn(notes, (key,), "future-instant", what, "correct it if it is a slip")
    if request.is_open and request.deadline <= now:
        what = "the time to answer has passed"
        remedy = "publish `answered` once the person was told; correct the instants if wrong"
        _warn(notes, ("received",), "deadline-passed", what, remedy)


def _deadlines(notice: Notice, notes: Notes, now: Instant | None) -> None:
    if now is None:
        return
    for at, step in enumerate(standing(notice, now).steps):
        if step.stands and step.complete_by <= now:
            key = "complete_by" if isinstance(notice.orders[at].times, Window) else "within"
            what = f"the deadline of step `{step.step_id}` has passed"
            remedy = "what it orders is commanded at once; correct the instant if it is wrong"
            _warn(notes, ("steps", at, key), "deadline-passed", what, remedy)
