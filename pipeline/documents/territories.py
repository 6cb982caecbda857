"""Which groups a territory belongs to: what a `residency` list of a document may name.

Territories are ISO 3166 codes (`vocabulary.territory`). Groups are expanded here, so that `EU`
covers `FR` and `US` covers `US-CA`. Membership is today's; it is not yet dated.
"""

from functools import lru_cache

from pipeline.errors import InvalidInput
from pipeline.vocabulary import UNKNOWN, territory

_EU = frozenset(
    """
    AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK
    AX GF GP MQ RE YT MF
    """.split()
)
# The second line: territories with ISO codes of their own in which EU law applies (TFEU
# art 355(1), art 52 TEU); FO, GL, NC, PF and the like are outside.

GROUPS = {
    "EU": _EU,
    # JCD 154/2018: the GDPR is in the EEA Agreement since 20 July 2018.
    "EEA": _EU | {"IS", "LI", "NO"},
}
"""Groups of territories that a residency list may name."""


@lru_cache(maxsize=8_192)
def names_covering(code: str) -> frozenset[str]:
    """Return every residency entry that covers a territory: itself, its country, its groups.

    `UNKNOWN` is covered by `UNKNOWN` only; what fails closed is decided in `match`.
    """
    country = code.partition("-")[0]
    groups = {name for name, members in GROUPS.items() if country in members}
    return frozenset({code, country} | groups)


def residency_entry(word: str) -> str:
    """Normalise one entry of a residency list: `UK` to `GB`, groups and `UNKNOWN` as they are.

    Raises:
        InvalidInput: it is neither an ISO 3166 code, nor a group, nor `UNKNOWN`.
    """
    if word == UNKNOWN or word in GROUPS:
        return word
    try:
        return territory(word)
    except InvalidInput as error:
        message = (
            f"`{word[:12]}` is neither an ISO 3166 code (GB, US-CA), nor {' or '.join(GROUPS)}, "
            f"nor {UNKNOWN}"
        )
        raise InvalidInput(message) from error
