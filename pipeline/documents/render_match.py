"""Which records a match means, in plain words."""

import re

from pipeline.documents.match import Match
from pipeline.vocabulary import UNKNOWN

_GDPR = "eu-gdpr:"
_ARTICLE = re.compile(_GDPR + r"A(\d+)-(\d+)-([a-z])(?:-(.+))?")
_TERM = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def records(match: Match) -> str:
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


def records_inside(match: Match) -> str:
    """Name the records that match, within a sentence."""
    words = records(match)
    return words[0].lower() + words[1:]


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
