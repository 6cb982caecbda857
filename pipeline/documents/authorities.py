"""Supervisory authorities: how long their notices may be appealed, and whether an appeal suspends.

What a law says of its own appeals, so that counsel need not type it; a notice may say otherwise
(`appeal:`). Engineering notes from public sources, not legal advice.
"""

from functools import lru_cache
from typing import NamedTuple

import msgspec

from pipeline.periods import Calendar, Period, Reckoning, Roll


class Appeal(msgspec.Struct, frozen=True):
    """How a notice may be appealed.

    Attributes:
        window: the time to appeal, from service.
        reckoning: how it, and what the notice gives to comply, is counted.
        suspends: whether nothing need be done before the window has ended, nor while an appeal is
            pending (as DPA 2018 s.150(6) and (7) say); else only a stay suspends.
    """

    window: Period
    reckoning: Reckoning
    suspends: bool


class Authority(NamedTuple):
    """One authority; `citation` and `url` say where its law has this.

    `reach`: which kinds of records its orders reach by custom. The FTC's reach "Affected Work
    Product": models and algorithms developed in whole or in part with the data (Everalbum, 2021).
    """

    code: str
    name: str
    window: Period
    suspends: bool
    zone: str
    calendar: str
    citation: str
    url: str = ""
    reach: str = "SOURCE+TEMPLATES"


_AUTHORITIES = (
    Authority(
        "AU-OAIC",
        "Office of the Australian Information Commissioner",
        Period(days=28),
        False,
        "Australia/Sydney",
        "AU-NSW",
        "Privacy Act 1988 (Cth) s.96; Administrative Review Tribunal Act 2024 (Cth) ss.18, 32",
        "https://www.legislation.gov.au/C2004A03712/latest",
    ),
    Authority(
        "FR-CNIL",
        "Commission nationale de l'informatique et des libertés (France)",
        Period(months=2),
        False,
        "Europe/Paris",
        "FR",
        "Code de justice administrative arts L4, R421-1",
        "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006070933",
    ),
    Authority(
        "GB-ICO",
        "Information Commissioner (United Kingdom)",
        Period(days=28),
        True,
        "Europe/London",
        "GB-ENG",
        "SI 2009/1976 r.22(1)(b); DPA 2018 s.150(6)-(8)",
        "https://www.legislation.gov.uk/ukpga/2018/12/section/150",
    ),
    Authority(
        "GR-HDPA",
        "Hellenic Data Protection Authority (Greece)",
        Period(days=60),
        False,
        "Europe/Athens",
        "GR",
        "P.D. 18/1989 arts 46, 52",
    ),
    Authority(
        "IT-GARANTE",
        "Garante per la protezione dei dati personali (Italy)",
        Period(days=30),
        False,
        "Europe/Rome",
        "IT",
        "D.Lgs. 150/2011 arts 5, 10",
    ),
    Authority(
        "NL-AP",
        "Autoriteit Persoonsgegevens (Netherlands)",
        Period(weeks=6),
        False,
        "Europe/Amsterdam",
        "NL",
        "Algemene wet bestuursrecht arts 6:7, 6:8, 6:16",
        "https://wetten.overheid.nl/BWBR0005537",
    ),
    Authority(
        "US-FTC",
        "Federal Trade Commission (United States)",
        Period(days=60),
        False,
        "America/New_York",
        "US",
        "15 U.S.C. 45(c), (g)",
        "https://www.law.cornell.edu/uscode/text/15/45",
        "SOURCE+TEMPLATES+MODELS",
    ),
)

AUTHORITIES: dict[str, Authority] = {one.code: one for one in _AUTHORITIES}
"""Authorities by the code that a notice writes under `authority`."""


@lru_cache(maxsize=len(_AUTHORITIES))
def appeal_of(code: str) -> Appeal | None:
    """Return how notices of an authority may be appealed; None: it is not known here.

    Its calendar of public holidays is loaded when it is first asked for.
    """
    found = AUTHORITIES.get(code)
    if found is None:
        return None
    calendar = Calendar(found.calendar)
    reckoning = Reckoning(zone=found.zone, roll=Roll.NEXT_WORKING_DAY, calendar=calendar)
    return Appeal(found.window, reckoning, found.suspends)
