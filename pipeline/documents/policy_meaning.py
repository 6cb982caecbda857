"""Second pass for policies: rules, the default limit and the stores, from their forms.

Rules that say nothing finite, or something this version cannot keep, are refused here.
"""

import msgspec

from pipeline.documents.duty_meaning import read_duty
from pipeline.documents.method import read_method
from pipeline.documents.packs import packs
from pipeline.documents.policy import (
    DEFAULT_RULE,
    AtMost,
    Bound,
    DefaultLimit,
    Mode,
    PackUsed,
    Policy,
    Rule,
    StoreSettings,
)
from pipeline.documents.policy_form import (
    DefaultShape,
    PolicyShape,
    RuleShape,
    StoreShape,
)
from pipeline.documents.policy_words import (
    MODES,
    read_citation,
    read_counting,
    read_finite,
    read_zone,
)
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.words import known_word, read_match
from pipeline.identifiers import DocumentId, StoreName, is_store_name
from pipeline.instants import DAY, SECOND, parse_instant
from pipeline.periods import Period, Reckoning, parse_period
from pipeline.vocabulary import Anchor

_BOUNDS: tuple[Bound, ...] = ("maximum", "minimum")
_NO_TIME = frozenset({"P0D", "PT0S"})


def read_policy(shape: PolicyShape, notes: Notes) -> Policy | None:
    """Read a policy; None when a part could not be read, each noted."""
    zone = read_zone(shape.zone, ("zone",), notes)
    default = _default(shape.default, zone, notes)
    rules = [_rule(rule, ("rules", at), zone, notes) for at, rule in enumerate(shape.rules)]
    _note_reserved(shape, notes)
    duties = [read_duty(one, ("inform", at), zone, notes) for at, one in enumerate(shape.inform)]
    duties += [
        read_duty(one, ("lawfulness", at), zone, notes) for at, one in enumerate(shape.lawfulness)
    ]
    used, shipped = _packs(shape, notes)
    stores = {
        StoreName(name): _store(store, ("stores", name), notes)
        for name, store in sorted(shape.stores.items())
    }
    effective = None
    if shape.effective_from:
        effective = notes.attempt(("effective_from",), parse_instant, shape.effective_from)
    method = read_method(shape.residency, notes) if shape.residency.method else None
    if shape.notifier and not is_store_name(shape.notifier):
        what = "`notifier` is not the name of a store"
        notes.add(("notifier",), what=what, remedy="write letters, digits, `.`, `_` and `-` only")
    tombstones = read_finite(shape.tombstones, ("tombstones",), notes)
    if default is None or tombstones is None or None in rules or None in duties:
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
        duties=tuple(one for one in duties if one is not None),
        tombstones=tombstones,
        notifier=StoreName(shape.notifier) if shape.notifier else None,
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
    duties = {"inform": shape.inform, "lawfulness": shape.lawfulness}
    notes.add_repeated_ids([one.id for one in shape.inform], "inform")
    notes.add_repeated_ids([one.id for one in shape.lawfulness], "lawfulness")
    for at, rule in enumerate(shape.rules):
        if rule.id == DEFAULT_RULE:
            what = f"the id `{DEFAULT_RULE}` stands for the default limit"
            notes.add(("rules", at, "id"), what=what, remedy="give the rule another id")
    taken = {DEFAULT_RULE, *(rule.id for rule in shape.rules)}
    for key, several in duties.items():
        for at, one in enumerate(several):
            if one.id in taken:
                what = f"the id `{one.id}` is that of a rule or another duty"
                notes.add((key, at, "id"), what=what, remedy="give the duty another id")
        taken |= {one.id for one in several}


def _default(shape: DefaultShape, zone: str, notes: Notes) -> DefaultLimit | None:
    path = ("default",)
    limit = _limit(shape.limit, path, notes)
    counting = read_counting(shape.counting, limit, path, notes)
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
    counting = read_counting(shape.counting, limit, path, notes)
    own_zone = read_zone(shape.zone, (*path, "zone"), notes) if shape.zone else zone
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
    return read_finite(text, (*path, "limit"), notes)


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
