"""Tags: what the evidence about a record's subjects says of residency.

Only a subject's own declaration is used so far; other signals are kept and give UNKNOWN, which
every rule covers. Residency is judged, never guessed: no evidence is no territory.
"""

from pipeline.events import Subject
from pipeline.vocabulary import UNKNOWN

METHOD = "declared/1"
"""Name and version of the method, kept beside every conclusion."""
_DECLARED = "declared"


def residency(subjects: tuple[Subject, ...]) -> tuple[str, ...]:
    """Return the territories where the subjects reside, sorted; `UNKNOWN` alone when none is known.

    Of several declarations of one subject the newest counts; of equally new ones, all do.
    A subject without a declaration adds UNKNOWN to the others.
    """
    if len(subjects) == 1 and len(subjects[0].evidence) == 1:  # the usual record
        (sign,) = subjects[0].evidence
        return (sign.territory,) if sign.signal == _DECLARED else (UNKNOWN,)
    found: set[str] = set()
    for subject in subjects:
        declared = [item for item in subject.evidence if item.signal == _DECLARED]
        if not declared:
            found.add(UNKNOWN)
            continue
        newest = max(item.observed_at for item in declared)
        found.update(item.territory for item in declared if item.observed_at == newest)
    return tuple(sorted(found)) if found else (UNKNOWN,)
