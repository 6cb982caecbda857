"""What a shard does for records that were derived from each other: asking, telling, remembering.

Pure functions of records; `book` calls them and sends what they return. The protocol:

- A record asks each parent once when it is first seen, and again before a deletion of it goes out.
- The parent's shard answers with what means the parent, and tells its children whenever that
  changes. It answers only once the watermark has passed the instant for which it is asked, and the
  parent's own parents have said what they knew then, so that all published before is in its answer.
- A parent that is gone, or was never seen, answers too: with what it was deleted under.
"""

from collections.abc import Iterable

import msgspec

from pipeline.documents import Reach
from pipeline.identifiers import RecordId
from pipeline.inheritance import HOLD, inherited
from pipeline.instants import MIN_INSTANT, Instant
from pipeline.records import (
    ASK,
    GONE,
    MAX_DEPTH,
    MAX_VALUES,
    TOLD,
    Heard,
    Issued,
    Mail,
    Record,
    Taint,
    is_key,
    key_id,
    merged,
)
from pipeline.rules import Planner
from pipeline.steps import requested_steps
from pipeline.vocabulary import SETTLED, Anchor, CommandKind

_DELETE = CommandKind.DELETE.value


def asking(
    record: Record, wanted: Instant = MIN_INSTANT, *, again: bool = False
) -> tuple[Record, list[Mail]]:
    """Ask the parents that were not asked yet.

    Args:
        record: which was derived; what its parents said is forgotten of those that it has no more.
        wanted: the instant of which the word of each is wanted.
        again: whether to repeat what was not answered, as after a rebuild.
    """
    if not (record.parents or record.heard):
        return record, []
    known = {one.parent_id: one for one in record.heard}
    heard, mails = [one for one in record.heard if is_key(one.parent_id)], []
    for parent in record.parents:
        found = known.get(parent)
        asked = wanted if found is None else max(found.asked, wanted)
        repeats = again and found is not None and not (found.answered and found.asked <= found.at)
        if found is None or asked > found.asked or repeats:
            mails.append(Mail(parent, record.record_id, ASK, asked))
            found = msgspec.structs.replace(found or Heard(parent), asked=asked)
        heard.append(found)
    if sorted(heard) == list(record.heard):
        return record, mails
    return msgspec.structs.replace(record, heard=tuple(sorted(heard))), mails


def corresponded(
    record: Record,
    planner: Planner,
    wanted: Instant,
    *,
    changed: bool,
    fresh: bool,
    again: bool,
) -> tuple[Record, list[Mail], bool]:
    """Return a record with what it asks and tells, the mail, and whether its children are told.

    Args:
        record: after it was looked at.
        planner: the documents in force.
        wanted: the instant of which its parents' word is wanted.
        changed: whether it has changed otherwise.
        fresh: whether its data is news, as far as its children and its natural key know.
        again: whether to repeat what may have been lost, as after a rebuild.
    """
    record, mails = asking(record, wanted, again=again)
    depth = _depth(record)
    deeper = depth != record.depth
    record = msgspec.structs.replace(record, depth=depth) if deeper else record
    record, tells = telling(record, planner)
    if record.natural_key_hash is not None and (changed or again):
        mails += _about_key(record, record.natural_key_hash, fresh=fresh or again)
    return record, mails, tells or again or fresh or deeper


def has_kin(record: Record) -> bool:
    """Whether a record has anybody to ask or to tell."""
    return bool(
        record.parents or record.heard or record.children or record.natural_key_hash is not None
    )


def is_news(before: Record, record: Record) -> bool:
    """Whether it is only now known that data of a record came to be, or came again."""
    came = before.births[-1:] != record.births[-1:] and record.natural_key_hash is not None
    return came or not before.is_known


def _depth(record: Record) -> int:
    if not record.parents:
        return 0
    return min(MAX_DEPTH, 1 + max([one.depth for one in record.heard], default=0))


def vouches_for(record: Record, vouched: Instant) -> Instant:
    """Return up to when everything published is in what a parent says.

    Args:
        record: the parent, for which its own parents speak too.
        vouched: up to when its shard has taken everything published into account.
    """
    if not record.parents or record.depth >= MAX_DEPTH or not record.alive:
        return vouched
    heard = {one.parent_id: one.at for one in record.heard}
    return min(vouched, *[heard.get(name, MIN_INSTANT) for name in record.parents])


def _about_key(record: Record, natural_key_hash: str, *, fresh: bool) -> list[Mail]:
    """Tell the natural key of data that is gone; of data that came, ask whether it was before."""
    key = key_id(natural_key_hash)
    gone = deleted_under(record)
    if gone:
        return [Mail(key, record.record_id, GONE, taints=gone)]
    return [Mail(key, record.record_id, ASK)] if fresh else []


def awaited(record: Record, wanted: Instant) -> bool:
    """Whether a parent has not said yet what it knew at an instant."""
    if not record.parents:
        return False
    known = {one.parent_id: one for one in record.heard if one.answered}
    return any(known[name].at < wanted if name in known else True for name in record.parents)


def taken_in(record: Record | None, mail: Mail) -> Record | None:
    """Take a message into the record that it is for, which may never have been seen."""
    # A key remembers what was deleted, not who asked; and who is gone needs no word.
    if (mail.what == ASK and is_key(mail.record_id)) or (mail.what == TOLD and record is None):
        return record
    record = Record(mail.record_id) if record is None else record
    if mail.what == ASK:
        children = set(record.children)
        if mail.other_id in children or len(children) >= MAX_VALUES:
            return record
        return msgspec.structs.replace(record, children=tuple(sorted({*children, mail.other_id})))
    if mail.what == TOLD:
        heard = tuple([_heard(one, mail) for one in record.heard])
        if is_key(mail.other_id) and all(one.parent_id != mail.other_id for one in heard):
            heard = tuple(sorted((*heard, _heard(Heard(mail.other_id), mail))))
        return record if heard == record.heard else msgspec.structs.replace(record, heard=heard)
    told = merged(record.told, mail.taints)  # GONE
    return record if told == record.told else msgspec.structs.replace(record, told=told)


def _heard(known: Heard, mail: Mail) -> Heard:
    if known.parent_id != mail.other_id:
        return known
    # Messages may come again, the older after the newer, which knows what the older vouches for.
    # And what is forgotten of a parent that is long gone is not unsaid.
    if mail.version < known.version or (known.known and not mail.known):
        return msgspec.structs.replace(known, at=max(known.at, mail.at))
    return Heard(
        known.parent_id,
        known.asked,
        max(known.at, mail.at),
        mail.version,
        mail.depth,
        answered=True,
        known=mail.known,
        taints=mail.taints,
    )


def telling(record: Record, planner: Planner) -> tuple[Record, bool]:
    """Return a parent with what means it now, and whether its children must be told."""
    if not record.children:
        return record, False
    told = _means(record, planner)
    if told == record.told:
        return record, False
    return msgspec.structs.replace(record, told=told), True


def words(record: Record, children: Iterable[RecordId], vouched: Instant) -> list[Mail]:
    """Return what a parent tells children.

    Args:
        record: the parent.
        children: to whom.
        vouched: up to when its shard has taken everything published into account.
    """
    about, at = record.record_id, vouches_for(record, vouched)
    said = Mail(about, about, TOLD, at, record.version, record.depth, record.is_known, record.told)
    return [msgspec.structs.replace(said, record_id=child) for child in children]


def _means(record: Record, planner: Planner) -> tuple[Taint, ...]:
    lives = record.lives()
    found = [taints_of(planner, record, gone) for gone in lives]
    if not lives:
        # What meant it before it went means what was derived from it still.
        found.append(record.told)
    return merged(*found, deleted_under(record))


def taints_of(planner: Planner, record: Record, gone: Instant) -> tuple[Taint, ...]:
    """Return the documents that mean a life of a record, and so what is derived from it."""
    facts = record.of_life(gone)
    judged = planner.judge.judge(facts.subjects)
    coverage = planner.coverage(facts, judged)
    heard = inherited(facts)
    collected = record.anchor(Anchor.COLLECTED, gone)
    if collected is None:
        return () if heard is None else heard.taints
    found = [
        Taint(one.notice_id, one.reach)
        for one in (
            *planner.notices_on(facts, judged, coverage, heard),
            *coverage.observed_notices,
        )
        if one.before is None or collected < one.before
    ]
    asked = planner.requests_on(facts, heard)
    at = planner.in_force.at
    derived = planner.derived_requests(facts, heard)
    steps = requested_steps(facts, collected, asked, judged, at, derived=derived)
    ordered = {step.cause for step in steps}
    found += [Taint(one.hold_id, Reach.CERTAIN) for one in asked if one.cause in ordered]
    holds = planner.plan(record, gone).holds
    found += [Taint(f"{HOLD}{name}", Reach.CERTAIN) for name in holds]
    return merged(tuple(found), () if heard is None else heard.taints)


def deleted_under(record: Record) -> tuple[Taint, ...]:
    """Return under which documents data of a record was deleted, as its stores confirmed."""
    return tuple([_tombstone(item) for item in record.issued if _is_done(item)])


def _is_done(item: Issued) -> bool:
    return item.kind == _DELETE and item.outcome in SETTLED


def _tombstone(item: Issued) -> Taint:
    name = item.cause if item.cause.startswith("policy:") else item.cause.rpartition("/")[0]
    # A store's clock may be wrong; ours says when it was commanded.
    return Taint(name, Reach.CERTAIN, max(item.answered_at or MIN_INSTANT, item.issued_at))
