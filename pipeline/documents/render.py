"""A document in plain words, one sentence a line, for `retention check`.

No record or subject id is ever written: holds say how many they name.
"""

import re

from pipeline.documents.match import Match
from pipeline.documents.policy import AtMost, Policy, Rule, StoreSettings
from pipeline.documents.values import Control, Document, Hold, Notice
from pipeline.instants import DAY, format_instant
from pipeline.periods import Period
from pipeline.vocabulary import UNKNOWN, Anchor
from pipeline.vocabulary.signals import DEFAULT_SIGNALS, WHOLE, Method

_AFTER = {
    Anchor.COLLECTED: "collection",
    Anchor.LAST_INTERACTION: "the last interaction",
    Anchor.PURPOSE_ENDED: "the end of the purpose",
    Anchor.RELATIONSHIP_ENDED: "the end of the relationship",
    Anchor.CONSENT_WITHDRAWN: "the withdrawal of consent",
}
_STEP = {"restrict": "are to be restricted (kept, but not used)", "delete": "are to be deleted"}
_CONTROL = {"pause": "pauses", "resume": "resumes", "approve": "approves"}
_GDPR = "eu-gdpr:"
_ARTICLE = re.compile(_GDPR + r"A(\d+)-(\d+)-([a-z])(?:-(.+))?")
_TERM = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def in_words(document: Document) -> tuple[str, ...]:
    """Return the sentences that say what a document does."""
    if isinstance(document, Policy):
        return _policy(document)
    if isinstance(document, Notice):
        return _notice(document)
    if isinstance(document, Hold):
        return _hold(document)
    return _control(document)


def _policy(policy: Policy) -> tuple[str, ...]:
    since = ""
    if policy.effective_from is not None:
        since = f"; it takes effect at {format_instant(policy.effective_from)}"
    head = f"Policy {policy.document_id}, version {policy.version}"
    sentences = [f"{head}; days are those of {policy.zone}{since}."]
    sentences += [_rule(rule) for rule in policy.rules]
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
    sentences += [_store(name, settings) for name, settings in sorted(policy.stores.items())]
    return tuple(sentences)


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
            f"{_records(rule.match)} are not deleted until {rule.limit.in_words()} after "
            f"{_AFTER[rule.clock]} ({rule.citation.text}); past their maximum they are "
            f"restricted{within}."
        )
    verb = "are deleted" if rule.mode == "enforce" else "would be deleted (observed only)"
    sentence = (
        f"{_records(rule.match)} {verb} at most {rule.limit.in_words()} after {_AFTER[rule.clock]} "
        f"({rule.citation.text})"
    )
    if rule.at_most is not None and rule.mode == "enforce":
        sentence += f"; above {_most(rule.at_most)} a day it stops and asks"
    return f"{sentence}."


def _most(at_most: AtMost) -> str:
    if at_most.count is not None:
        return f"{at_most.count:,}"
    return f"{(at_most.share or 0) / 10:g}% of all records"


def _notice(notice: Notice) -> tuple[str, ...]:
    head = (
        f"Notice {notice.document_id}, version {notice.version}, of {notice.authority} "
        f"({notice.citation.text})"
    )
    if notice.state == "withdrawn":
        return (f"{head}: withdrawn; it orders nothing.",)
    records = _records(notice.match)
    if notice.collected_before is not None:
        records += f", collected before {format_instant(notice.collected_before)},"
    steps = tuple(
        f"{records} {_STEP[step.action]} between {format_instant(step.not_before)} and "
        f"{format_instant(step.complete_by)} (step {step.step_id})."
        for step in notice.steps
    )
    if notice.match.residency or notice.match.present:
        steps += (_unsure(notice),)
    return (f"{head}: in force.", *steps)


def _unsure(notice: Notice) -> str:
    sentence = "Where that is only likely, they are restricted at once"
    if any(step.action == "delete" for step in notice.steps):
        sentence += " and deleted by the deadline"
    if UNKNOWN not in notice.match.residency:
        rest = "restricted until it is" if notice.unknown == "restrict" else "left as they are"
        sentence += f"; where it is not concluded but possible, they are {rest}"
    return f"{sentence}."


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
        words = _records(hold.match)
        held.append(words[0].lower() + words[1:])
    return (
        f"{head}: until it is released, {', and '.join(held)} are not deleted ({hold.reason}).",
    )


def _control(control: Control) -> tuple[str, ...]:
    scope = {"all": "all deletions"}.get(control.scope, control.scope)
    head = f"Control version {control.version} {_CONTROL[control.action]} {scope}"
    return (f"{head} ({control.reason}).",)


def _records(match: Match) -> str:
    """Name the records that match: `Records of people in GB used for search functionalities`."""
    if match.is_everything:
        return "All records"
    words = "Records"
    if match.residency:
        places = [code for code in match.residency if code != UNKNOWN]
        people = [f"residing in {_either(places)}"] if places else []
        people += ["of unknown residency"] if UNKNOWN in match.residency else []
        words += f" of people {' or '.join(people)}"
    if match.present:
        opening = "and being in" if match.residency else "of people who are in"
        words += f" {opening} {_either(list(match.present))}"
    parts = (
        ("used for", match.purposes),
        ("of the category", match.categories),
        ("held on the basis of", match.lawful_bases),
    )
    for opening, terms in parts:
        if terms:
            words += f" {opening} {_either([_term(term) for term in terms])}"
    if match.sources:
        words += f" from {_either(list(match.sources))}"
    return words


def _term(term: str) -> str:
    if found := _ARTICLE.fullmatch(term):
        article, paragraph, point, more = found.groups()
        more = f" ({more.replace('-', ' ')})" if more else ""
        return f"GDPR art {article}({paragraph})({point}){more}"
    if term.startswith(_GDPR):
        return f"{_words(term)} (GDPR)"
    return _words(term)


def _words(term: str) -> str:
    parts = _TERM.findall(term.rpartition(":")[2])
    return " ".join(part if len(part) > 1 and part.isupper() else part.lower() for part in parts)


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


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
