"""Signals of residency, and the method that weighs them: a table, and thresholds.

The weights are judgement, not law; the only statutory model known is EU VAT, where two items of
evidence that do not contradict each other decide (Implementing Regulation 282/2011 arts 24b, 24f).
A policy may give others under `residency:`, with a name of their own, so that every tag says which
method made it. Weights and scores are per mille: whole numbers are equal on every machine.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from pipeline.vocabulary.words import SIGNALS

Group = Literal["declared", "device", "network", "publication"]
"""Signals of one group speak with one voice: only the strongest of a group counts."""
GROUPS: tuple[Group, ...] = ("declared", "device", "network", "publication")

WHOLE = 1_000


class Signal(msgspec.Struct, frozen=True):
    """What one kind of evidence is worth.

    Attributes:
        group: whose voice it is.
        resident, present: weight for residing and for being in the territory, per mille.
        lasts_days: for how long after its observation it counts, measured at the newest evidence
            about the person; None: until a newer one of its kind.
        repeated: weight for residing once observed in one territory over at least `REPEATED_DAYS`;
            0: repetition adds nothing.
        newest_only: a newer one of its kind replaces it, as a new declaration does.
    """

    group: Group
    resident: int
    present: int
    lasts_days: int | None = None
    repeated: int = 0
    newest_only: bool = True


REPEATED_DAYS = 90

# Who resides in a territory is taken to be there: unless observed, presence has residency's weight.
DEFAULT_SIGNALS: Mapping[str, Signal] = MappingProxyType(
    {
        "declared": Signal("declared", 950, 950),
        "verified_address": Signal("declared", 950, 950),
        "regulator_list": Signal("declared", 950, 950),
        "billing_address": Signal("declared", 800, 800, lasts_days=730),
        "bank_country": Signal("declared", 800, 800, lasts_days=730),
        "gps_exif": Signal("device", 350, 900, lasts_days=365, repeated=700, newest_only=False),
        "phone_number": Signal("device", 550, 550, lasts_days=730),
        "sim_mcc": Signal("device", 0, 600, lasts_days=90, newest_only=False),
        "ip_geolocation": Signal("network", 350, 600, lasts_days=90, newest_only=False),
        "profile_location": Signal("publication", 450, 450, lasts_days=730),
        "page_cctld": Signal("publication", 200, 200, newest_only=False),
        "page_language": Signal("publication", 100, 100, newest_only=False),
    }
)
assert DEFAULT_SIGNALS.keys() == SIGNALS, "every signal of the vocabulary has a weight"  # noqa: S101


class Method(msgspec.Struct, frozen=True):
    """How evidence becomes a band.

    Attributes:
        name: name and version, kept with every tag.
        resident_from: score from which a person counts as RESIDENT, per mille.
        likely_from: score from which a person counts as LIKELY, per mille.
        agreeing_from: two groups with at least this weight each make RESIDENT, per mille.
        signals: by name, sorted; what is not named weighs nothing.
    """

    name: str = "evidence/1"
    resident_from: int = 800
    likely_from: int = 350
    agreeing_from: int = 500
    signals: tuple[tuple[str, Signal], ...] = tuple(sorted(DEFAULT_SIGNALS.items()))


DEFAULT_METHOD = Method()
