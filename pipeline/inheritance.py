"""What a record inherits from those that it was derived from: notices, requests and holds.

What means a photo means the template made from it, and the model trained on that, "in whole or in
part" (FTC, Everalbum, 2021; DPA 2018 s.151(2)), as far as the document reaches. Limits are not
inherited: a derived record has clocks of its own.
"""

from typing import NamedTuple

from pipeline.coverage import Ordered, ordered_of
from pipeline.documents import InForce, Reach, Request
from pipeline.documents.policy import Mode
from pipeline.records import MAX_DEPTH, Record, Taint, merged
from pipeline.tags import Residency
from pipeline.vocabulary import RecordKind

HOLD = "hold:"
"""How the name of what holds a record begins, in a taint."""
_MODEL = RecordKind.MODEL.value


class Inherited(NamedTuple):
    """What the parents of a record said.

    Attributes:
        taints: the documents that mean one of them.
        returned: those under which data of its natural key was deleted before.
        decides: whether they alone say whom it is about: it names nobody's signs of residency
            itself, and every parent is known.
    """

    taints: tuple[Taint, ...]
    returned: tuple[Taint, ...]
    decides: bool

    def notices(
        self,
        own: tuple[Ordered, ...],
        facts: Record,
        judged: Residency,
        mode: Mode,
        in_force: InForce,
    ) -> tuple[Ordered, ...]:
        """Return the notices of a mode that mean a record: its own, and those of its parents.

        Whether the data was collected early enough is decided by the parent's collection; of data
        that came back, by its own, and nobody is meant of whom it is certain that they are not.

        Args:
            own: those that mean it by its own words.
            facts: of the record.
            judged: its residency.
            mode: of the notices.
            in_force: the documents.
        """
        found = [one for one in own if not self.decides or one.reach >= Reach.LIKELY]
        # What means it as surely by its own words, whenever it was collected, needs no more.
        surely = {one.notice_id: one.reach for one in found if one.before is None}
        inherits = [(taint, True) for taint in self.taints]
        for taint, derived in (*inherits, *[(taint, False) for taint in self.returned]):
            standing = in_force.notices_by_name.get(taint.document)
            if standing is None or not standing.ordered or standing.notice.mode != mode:
                continue
            notice = standing.notice
            if not notice.means(facts.kind) or surely.get(taint.document, -1) >= taint.reach:
                continue
            if derived or notice.match.reach(facts, judged, in_force.at) > Reach.NO:
                ordered = ordered_of(standing, Reach(taint.reach))
                found.append(ordered._replace(before=None) if derived else ordered)
        return tuple(found)

    def requests(
        self, facts: Record, in_force: InForce, *, derived: bool = False
    ) -> tuple[Request, ...]:
        """Return the requests that name a parent. They reach no models: nobody asked to unlearn.

        Args:
            facts: of the record.
            in_force: the documents.
            derived: leave out those that only name data of its natural key; that is somebody
                else's where the record names people.
        """
        if facts.kind == _MODEL:
            return ()
        derived |= bool(facts.subjects)
        taints = self.taints if derived else (*self.taints, *self.returned)
        names = dict.fromkeys(one.document for one in taints)
        found = [in_force.requests_by_name.get(name) for name in names]
        return tuple([request for request in found if request is not None])

    def holds(self, in_force: InForce) -> tuple[str, ...]:
        """Return the names of the active holds on a parent."""
        found = [one.document for one in self.taints if one.document.startswith(HOLD)]
        names = [name.removeprefix(HOLD) for name in found]
        return tuple([name for name in names if name in in_force.holding])


def inherited(facts: Record) -> Inherited | None:
    """Return what the parents of a life of a record said; None: nothing that matters."""
    if not facts.heard:
        return None
    parents = set(facts.parents)
    heard = [one for one in facts.heard if one.parent_id in parents]
    taints = merged(*[one.taints for one in heard])
    returned = merged(facts.came_back)
    known = {one.parent_id for one in heard if one.known}
    silent = not any(subject.evidence for subject in facts.subjects)
    # In a cycle what one of them says would depend on the other, and on itself.
    decides = bool(parents) and silent and parents <= known and facts.depth < MAX_DEPTH
    return Inherited(taints, returned, decides) if taints or returned or decides else None
