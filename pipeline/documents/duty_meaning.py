"""Second pass for the duties of a policy: what must be so of its records beside their limits."""

from pipeline.documents.policy import Duty, Requirement
from pipeline.documents.policy_form import InformShape, LawfulnessShape
from pipeline.documents.policy_words import MODES, read_citation, read_counting, read_zone
from pipeline.documents.problems import Notes
from pipeline.documents.reading import Path
from pipeline.documents.words import known_word, read_match, read_purpose
from pipeline.periods import Reckoning, parse_period

_LAWFUL: tuple[Requirement, ...] = ("purpose", "declared_purpose", "lawful_basis")


def read_duty(
    shape: InformShape | LawfulnessShape, path: Path, zone: str, notes: Notes
) -> Duty | None:
    """Read a duty; None when a part could not be read, each noted."""
    match = read_match(shape.match, (*path, "match"), notes)
    mode = known_word(shape.mode, MODES, (*path, "mode"), notes)
    within = notes.attempt((*path, "within"), parse_period, shape.within)
    counting = read_counting(shape.counting, within, path, notes)
    own_zone = read_zone(shape.zone, (*path, "zone"), notes) if shape.zone else zone
    citation = read_citation(shape.citation, path, notes)
    requires: Requirement | None = "informed"
    purposes: tuple[str, ...] = ()
    if isinstance(shape, LawfulnessShape):
        requires = known_word(shape.requires, _LAWFUL, (*path, "requires"), notes)
        purposes = tuple(
            [read_purpose(word, (*path, "purposes"), notes) for word in shape.purposes]
        )
        if (requires == "declared_purpose") != bool(shape.purposes):
            what = "`purposes` are those that `requires: declared_purpose` allows"
            notes.add((*path, "purposes"), what=what, remedy="give both, or neither")
    if within is None or counting is None or mode is None or requires is None:
        return None
    return Duty(
        rule_id=shape.id,
        match=match,
        within=within,
        reckoning=Reckoning(zone=own_zone, counting=counting),
        citation=citation,
        mode=mode,
        requires=requires,
        purposes=purposes,
    )
