"""A document in plain words, one sentence a line, for `retention check`.

No record or subject id is ever written: holds say how many they name.
"""

from pipeline.documents.policy import (
    TOMBSTONES,
    AtMost,
    Duty,
    PackUsed,
    Policy,
    Rule,
    StoreSettings,
)
from pipeline.documents.render_match import records, records_inside
from pipeline.documents.render_notice import notice_in_words
from pipeline.documents.render_request import request_in_words
from pipeline.documents.requests import Request
from pipeline.documents.values import LOSS_SCOPE, MODEL_SCOPE, Control, Document, Hold, Notice
from pipeline.instants import DAY, format_instant
from pipeline.periods import Period
from pipeline.vocabulary import Anchor
from pipeline.vocabulary.signals import DEFAULT_SIGNALS, WHOLE, Method

_AFTER = {
    Anchor.COLLECTED: "collection",
    Anchor.LAST_INTERACTION: "the last interaction",
    Anchor.PURPOSE_ENDED: "the end of the purpose",
    Anchor.RELATIONSHIP_ENDED: "the end of the relationship",
    Anchor.CONSENT_WITHDRAWN: "the withdrawal of consent",
}
_WINS = (
    "Of several maxima that cover a record the earliest holds, of several minima the latest; a "
    "minimum of the same law wins over a maximum."
)
_CONTROL = {
    "pause": "pauses",
    "resume": "resumes",
    "approve": "approves",
    "withdraw": "takes back the approval of",
    "exclude": "lets deadlines pass without waiting for",
    "include": "has deadlines wait again for",
    "accept": "accepts, and lets the job go on after, the",
}


def in_words(document: Document) -> tuple[str, ...]:
    """Return the sentences that say what a document does."""
    if isinstance(document, Policy):
        return _policy(document)
    if isinstance(document, Notice):
        return notice_in_words(document)
    if isinstance(document, Hold):
        return _hold(document)
    if isinstance(document, Request):
        return request_in_words(document)
    return _control(document)


def _policy(policy: Policy) -> tuple[str, ...]:
    since = ""
    if policy.effective_from is not None:
        since = f"; it takes effect at {format_instant(policy.effective_from)}"
    head = f"Policy {policy.document_id}, version {policy.version}"
    sentences = [f"{head}; days are those of {policy.zone}{since}."]
    sentences += [_rule(rule) for rule in policy.rules if not rule.pack]
    for used in policy.packs:
        sentences.append(_pack(used))
        sentences += [_rule(rule) for rule in policy.rules if rule.pack == used.name]
    if policy.packs:
        sentences.append(_WINS)
    sentences += [_duty(one) for one in policy.duties]
    if policy.method is not None:
        sentences.append(_method(policy.method))
    if any(rule.match.residency for rule in policy.rules):
        sentences.append(
            "Where residency is unknown, every maximum that names a residency applies: the "
            "strictest limit holds."
        )
    default = policy.default
    maxima = any(rule.bound == "maximum" for rule in policy.rules)
    others = "All other records" if maxima else "All records"
    sentences.append(
        f"{others} are deleted at most {default.limit.in_words()} after collection "
        f"({default.citation.text})."
    )
    if policy.tombstones != TOMBSTONES:
        sentences.append(
            f"That data was deleted, and why, is remembered for {policy.tombstones.in_words()}."
        )
    if policy.notifier is not None:
        sentences.append(
            f"Store {policy.notifier} tells recipients of what a notice or request erases."
        )
    sentences += [_store(name, settings) for name, settings in sorted(policy.stores.items())]
    return tuple(sentences)


def _pack(used: PackUsed) -> str:
    sentence = f"Pack {used.name}: {used.title}"
    if used.replaced:
        words = "rule takes the place" if len(used.replaced) == 1 else "rules take the place"
        sentence += f"; the policy's own {words} of {', '.join(used.replaced)}"
    return f"{sentence}."


def _store(name: str, settings: StoreSettings) -> str:
    sentence = f"Store {name} is told {_duration(settings.lead)} before"
    if settings.per_minute is not None:
        sentence += f", at most {settings.per_minute:,} deletions a minute"
    return (
        f"{sentence}; without an answer it is told again after {_duration(settings.answer_within)}."
    )


def _method(method: Method) -> str:
    sentence = (
        f"Residency is judged by the method {method.name}: RESIDENT from "
        f"{_weight(method.resident_from)} or two groups of {_weight(method.agreeing_from)} each, "
        f"LIKELY from {_weight(method.likely_from)}"
    )
    changed = [name for name, signal in method.signals if signal != DEFAULT_SIGNALS[name]]
    if changed:
        sentence += f"; its own weights for {', '.join(changed)}"
    return f"{sentence}."


def _weight(weight: int) -> str:
    return f"{weight / WHOLE:.3g}"


def _rule(rule: Rule) -> str:
    if rule.bound == "minimum":
        whose = rule.citation.jurisdiction
        within = f"; deletions by the law of others than {whose} go on" if whose else ""
        return (
            f"{records(rule.match)} are not deleted until {rule.limit.in_words()} after "
            f"{_AFTER[rule.clock]} ({rule.citation.text}); past their maximum they are "
            f"restricted{within}."
        )
    verb = "are deleted" if rule.mode == "enforce" else "would be deleted (observed only)"
    sentence = (
        f"{records(rule.match)} {verb} at most {rule.limit.in_words()} after {_AFTER[rule.clock]} "
        f"({rule.citation.text})"
    )
    if rule.at_most is not None and rule.mode == "enforce":
        sentence += f"; above {_most(rule.at_most)} a day it stops and asks"
    return f"{sentence}."


_REQUIRED = {
    "purpose": "are held for a purpose",
    "declared_purpose": "are held for no purpose but",
    "lawful_basis": "are held by a lawful basis",
}


def _duty(duty: Duty) -> str:
    if duty.requires != "informed":
        what = " ".join((_REQUIRED[duty.requires], ", ".join(duty.purposes))).rstrip()
        then = "restricted until that is put right" if duty.mode == "enforce" else "told of"
        sentence = f"{records(duty.match)} {what} {duty.within.in_words()} after collection"
        return f"{sentence}, else they are {then} ({duty.citation.text})."
    else_ = "else it is restricted until they are" if duty.mode == "enforce" else "else it is told"
    return (
        f"Of {records_inside(duty.match)} people are told at most {duty.within.in_words()} after "
        f"collection, and before the data is disclosed; {else_} ({duty.citation.text})."
    )


def _most(at_most: AtMost) -> str:
    if at_most.count is not None:
        return f"{at_most.count:,}"
    return f"{(at_most.share or 0) / 10:g}% of all records"


def _hold(hold: Hold) -> tuple[str, ...]:
    head = f"Hold {hold.document_id}, version {hold.version}"
    if hold.state == "released":
        return (f"{head}: released; it keeps nothing ({hold.reason}).",)
    held = []
    if hold.records:
        held.append(_counted(len(hold.records), "named record"))
    if hold.subjects:
        held.append(f"the records of {_counted(len(hold.subjects), 'named subject')}")
    if hold.match is not None:
        held.append(records_inside(hold.match))
    return (
        f"{head}: until it is released, {', and '.join(held)} are not deleted ({hold.reason}).",
    )


def _control(control: Control) -> tuple[str, ...]:
    scope = {"all": "all deletions"}.get(control.scope, control.scope)
    if scope.startswith(MODEL_SCOPE):
        scope = f"that model {scope.removeprefix(MODEL_SCOPE)} is deleted, under whatever asks it"
    if scope.startswith(LOSS_SCOPE):
        scope = f"loss of messages of {scope.removeprefix(LOSS_SCOPE)}"
    head = f"Control version {control.version} {_CONTROL[control.action]} {scope}"
    return (f"{head} ({control.reason}).",)


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _duration(ms: int) -> str:
    if ms == 0:
        return "no time"
    if ms % DAY == 0:
        return Period(days=ms // DAY).in_words()
    minutes, seconds = divmod(ms // 1_000, 60)
    hours, minutes = divmod(minutes, 60)
    return Period(hours=hours, minutes=minutes, seconds=seconds).in_words()
