"""Second pass for policies: rules, the default limit and the stores, from their forms.

Rules that say nothing finite, or something this version cannot keep, are refused here.
"""

import msgspec

from pipeline.documents.form import CitationShape
from pipeline.documents.method import read_method
from pipeline.documents.packs import packs
from pipeline.documents.policy import (
    DEFAULT_RULE,
    AtMost,
    Bound,
    Citation,
    DefaultLimit,
    Inform,
    Mode,
    PackUsed,
    Policy,
    Rule,
    StoreSettings,
)
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.shape import (
    DefaultShape,
    InformShape,
    PolicyShape,
    RuleShape,
    StoreShape,
)
from pipeline.documents.words import known_word, read_match, residency
from pipeline.errors import InvalidInput
from pipeline.identifiers import DocumentId, StoreName
from pipeline.instants import DAY, SECOND, parse_instant
from pipeline.periods import Counting, Period, Reckoning, parse_period
from pipeline.periods.counting import check_fit
from pipeline.vocabulary import Anchor

_ENDLESS = frozenset(
    "always endless ever forever indefinite indefinitely infinite infinity never none unlimited "
    ".inf inf".split()
)
MODES: tuple[Mode, ...] = ("observe", "enforce")
_BOUNDS: tuple[Bound, ...] = ("maximum", "minimum")
_NO_TIME = frozenset({"P0D", "PT0S"})


def read_citation(shape: CitationShape, path: Path, notes: Notes) -> Citation:
    """Read a citation; an address or jurisdiction left out is None."""
    jurisdiction = None
    if shape.jurisdiction:
        place = (*path, "citation", "jurisdiction")
        jurisdiction = residency(shape.jurisdiction, place, notes, unknown=False)
    return Citation(
        law=shape.law,
        article=shape.article,
        url=shape.url or None,
        jurisdiction=jurisdiction,
    )


def read_policy(shape: PolicyShape, notes: Notes) -> Policy | None:
    """Read a policy; None when a part could not be read, each noted."""
    zone = _zone(shape.zone, ("zone",), notes)
    default = _default(shape.default, zone, notes)
    rules = [_rule(rule, ("rules", at), zone, notes) for at, rule in enumerate(shape.rules)]
    _note_reserved(shape, notes)
    inform = [_inform(one, ("inform", at), zone, notes) for at, one in enumerate(shape.inform)]
    used, shipped = _packs(shape, notes)
    stores = {
        StoreName(name): _store(store, ("stores", name), notes)
        for name, store in sorted(shape.stores.items())
    }
    effective = None
    if shape.effective_from:
        effective = notes.attempt(("effective_from",), parse_instant, shape.effective_from)
    method = read_method(shape.residency, notes) if shape.residency.method else None
    if default is None or None in rules or None in inform:
        return None
    return Policy(
        document_id=DocumentId(shape.policy),
        version=int(shape.version),
        zone=zone,
        default=default,
        rules=(*(rule for rule in rules if rule is not None), *shipped),
        stores=stores,
        effective_from=effective,
        method=method,
        packs=used,
        inform=tuple(one for one in inform if one is not None),
    )


def _inform(shape: InformShape, path: Path, zone: str, notes: Notes) -> Inform | None:
    match = read_match(shape.match, (*path, "match"), notes)
    mode = known_word(shape.mode, MODES, (*path, "mode"), notes)
    within = notes.attempt((*path, "within"), parse_period, shape.within)
    counting = _counting(shape.counting, within, path, notes)
    own_zone = _zone(shape.zone, (*path, "zone"), notes) if shape.zone else zone
    citation = read_citation(shape.citation, path, notes)
    if within is None or counting is None or mode is None:
        return None
    return Inform(
        rule_id=shape.id,
        match=match,
        within=within,
        reckoning=Reckoning(zone=own_zone, counting=counting),
        citation=citation,
        mode=mode,
    )


def _packs(shape: PolicyShape, notes: Notes) -> tuple[tuple[PackUsed, ...], tuple[Rule, ...]]:
    """Return the packs that a policy includes, and their rules but for those it replaces."""
    own = {rule.id for rule in shape.rules}
    used: list[PackUsed] = []
    shipped: list[Rule] = []
    for at, use in enumerate(shape.packs):
        path = ("packs", at)
        name = known_word(use.pack, packs(), path, notes)
        mode = known_word(use.mode, MODES, (*path, "mode"), notes) if use.mode else None
        if name is None:
            continue
        pack = packs()[name]
        if any(one.name.partition("/")[0] == pack.pack for one in used):
            what, remedy = f"`{pack.pack}` is included twice", "keep one version of it"
            notes.add(path, what=what, remedy=remedy)
        ids = {f"{pack.pack}.{rule.id}": rule for rule in pack.rules}
        replaced = tuple(rule_id for rule_id in ids if rule_id in own)
        used.append(PackUsed(name, pack.title, replaced))
        for rule_id, rule in ids.items():
            if rule_id not in own:
                found = _rule(_used(rule, rule_id, mode, use.at_most), path, pack.zone, notes)
                shipped += [msgspec.structs.replace(found, pack=name)] if found is not None else []
    return tuple(used), tuple(shipped)


def _used(rule: RuleShape, rule_id: str, mode: Mode | None, at_most: str) -> RuleShape:
    """Return a pack's rule as a policy uses it; what it says of maxima says nothing of minima."""
    changes: dict[str, str] = {"id": rule_id}
    if rule.bound == "maximum":
        changes |= {"mode": mode or rule.mode, "at_most": at_most}
    return rule.model_copy(update=changes)


def _note_reserved(shape: PolicyShape, notes: Notes) -> None:
    notes.add_repeated_ids([rule.id for rule in shape.rules], "rules")
    notes.add_repeated_ids([one.id for one in shape.inform], "inform")
    for at, rule in enumerate(shape.rules):
        if rule.id == DEFAULT_RULE:
            what = f"the id `{DEFAULT_RULE}` stands for the default limit"
            notes.add(("rules", at, "id"), what=what, remedy="give the rule another id")
    taken = {DEFAULT_RULE, *(rule.id for rule in shape.rules)}
    for at, one in enumerate(shape.inform):
        if one.id in taken:
            what = f"the id `{one.id}` is that of a rule"
            notes.add(("inform", at, "id"), what=what, remedy="give the duty another id")


def _zone(name: str, path: Path, notes: Notes) -> str:
    return name if notes.attempt(path, lambda text: Reckoning(zone=text), name) else "UTC"


def _default(shape: DefaultShape, zone: str, notes: Notes) -> DefaultLimit | None:
    path = ("default",)
    limit = _limit(shape.limit, path, notes)
    counting = _counting(shape.counting, limit, path, notes)
    citation = read_citation(shape.citation, path, notes)
    if limit is None or counting is None:
        return None
    return DefaultLimit(
        limit=limit,
        reckoning=Reckoning(zone=zone, counting=counting),
        citation=citation,
    )


def _rule(shape: RuleShape, path: Path, zone: str, notes: Notes) -> Rule | None:
    match = read_match(shape.match, (*path, "match"), notes)
    clock = known_word(shape.clock, Anchor, (*path, "clock"), notes)
    mode = known_word(shape.mode, MODES, (*path, "mode"), notes)
    bound = known_word(shape.bound, _BOUNDS, (*path, "bound"), notes)
    limit = _limit(shape.limit, path, notes)
    counting = _counting(shape.counting, limit, path, notes)
    own_zone = _zone(shape.zone, (*path, "zone"), notes) if shape.zone else zone
    citation = read_citation(shape.citation, path, notes)
    _note_unsupported(shape, path, notes)
    if limit is None or counting is None or clock is None or mode is None or bound is None:
        return None
    return Rule(
        rule_id=shape.id,
        match=match,
        clock=clock,
        limit=limit,
        reckoning=Reckoning(zone=own_zone, counting=counting),
        citation=citation,
        mode=mode,
        bound=bound,
        at_most=_at_most(shape.at_most),
    )


def _at_most(text: str) -> AtMost | None:
    if text.endswith("%"):
        return AtMost(share=round(float(text[:-1]) * 10))
    return AtMost(count=int(text)) if text else None


def _limit(text: str, path: Path, notes: Notes) -> Period | None:
    path = (*path, "limit")
    if text.lower() in _ENDLESS:
        remedy = "give an ISO 8601 period such as P30D; no longer than necessary (GDPR art 5(1)(e))"
        notes.add(path, what="`limit` is not finite", remedy=remedy)
        return None
    return notes.attempt(path, parse_period, text)


def _counting(text: str, limit: Period | None, path: Path, notes: Notes) -> Counting | None:
    path = (*path, "counting")
    counting = known_word(text, Counting, path, notes)
    if counting is Counting.BUSINESS_DAYS_EXCLUSIVE:
        what = "`counting`: a retention limit is not counted in working days"
        remedy = "leave `counting` out, or give the limit in days"
        notes.add(path, what=what, remedy=remedy)
    elif counting is not None and limit is not None:
        try:
            check_fit(limit, counting)
        except InvalidInput as error:
            remedy = "leave `counting` out, or choose one that fits the units of `limit`"
            notes.add(path, what=f"`counting`: {error}", remedy=remedy)
    return counting


def _note_unsupported(shape: RuleShape, path: Path, notes: Notes) -> None:
    if shape.bound == "minimum" and shape.at_most:
        what = "`at_most`: a minimum deletes nothing"
        notes.add((*path, "at_most"), what=what, remedy="leave it out")
    if shape.bound == "minimum" and shape.mode == "observe":
        what = "`mode: observe`: a duty to keep cannot be observed only"
        notes.add((*path, "mode"), what=what, remedy="write `mode: enforce`")
    known_word(shape.action, ("delete",), (*path, "action"), notes)
    if shape.roll != "none":
        what = "`roll`: a retention limit is never rolled to a later day"
        remedy = "leave `roll` out: no longer than is necessary (GDPR art 5(1)(e))"
        notes.add((*path, "roll"), what=what, remedy=remedy)


def _store(shape: StoreShape, path: Path, notes: Notes) -> StoreSettings:
    return StoreSettings(
        lead=_elapsed(shape.lead, (*path, "lead"), notes),
        answer_within=max(SECOND, _elapsed(shape.answer_within, (*path, "answer_within"), notes)),
        per_minute=int(shape.per_minute) if shape.per_minute else None,
    )


def _elapsed(text: str, path: Path, notes: Notes) -> int:
    """Read a period of fixed length in milliseconds."""
    if text in _NO_TIME and path[-1] == "lead":
        return 0
    period = notes.attempt(path, parse_period, text)
    if period is None:
        return 0
    if period.total_months:
        what = f"`{path[-1]}`: months and years have no fixed length"
        notes.add(path, what=what, remedy="give it in weeks, days, hours, minutes or seconds")
    return period.total_days * DAY + period.clock_ms
