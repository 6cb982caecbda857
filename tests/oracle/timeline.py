"""A history as a table for people: what was told, what the ledger commanded, what was asked for."""

from pipeline.events import Event
from pipeline.receipts import Receipt
from tests.oracle.checks import Failure
from tests.oracle.history import BASE, Control, Hold, Notice, Policy, Request, Words
from tests.oracle.oracle import NEVER, Expected, changes, expected
from tests.oracle.simulate import Run


def timeline(run: Run, failures: list[Failure]) -> str:
    """Return the lines, each with seconds since the beginning."""
    lines: list[tuple[int, int, int, int, str]] = []
    for number, moment in enumerate(run.moments):
        lines += [(number, moment.at, 0, 0, f"told       {_told(what)}") for what in moment.told]
        last = number + 1 == len(run.moments)
        end = run.history.end if last else run.moments[number + 1].at
        before = ""
        instants, done = {moment.at}, set[int]()
        while pending := sorted(instants - done):
            at = pending[0]
            done.add(at)
            asked = expected(moment.known, at)
            instants |= {when for when in changes(moment.known, asked) if at < when < end}
            for text in [_asked(item) for item in asked]:
                if text not in before:
                    lines.append((number, at, 1, 0, f"asked for  {text}"))
            before = "\n".join(_asked(item) for item in asked)
    for order, item in enumerate(run.emitted):
        command = item.command
        text = f"COMMANDED  {command.kind} {command.record_id}/{command.store} {command.cause}"
        text += f"@{command.cause_version} id {command.command_id[:6]} attempt {command.attempt}"
        text += f" data until {_seconds(command.data_until)}"
        text += f" withdraws {command.withdraws[:6]}" if command.withdraws else ""
        lines.append((item.moment, item.at, 2, order, text))
    for failure in failures:
        where = f"{failure.record}/{failure.store}"
        number = max(n for n, moment in enumerate(run.moments) if moment.at <= failure.at)
        text = f"WRONG      {failure.kind}: {where} {failure.detail}"
        lines.append((number, failure.at, 3, 0, text))
    return "\n".join(f"{_seconds(at):>8} {text}" for _, at, _, _, text in sorted(lines)) + "\n"


def _seconds(at: int) -> str:
    return "never" if at >= NEVER else f"{(at - BASE) / 1_000:.3f}"


def _asked(item: Expected) -> str:
    life = item.life
    text = f"{life.record}/{life.store}"
    text += f" (after {_seconds(life.after)})" if life.after > 0 else ""
    if item.due is not None:
        text += f" DELETE {item.due.cause}@{item.due.version}"
    else:
        text += f" no DELETE: {item.forbidden}"
    if item.restrict:
        text += f"; RESTRICT {item.restrict}"
    later = [f"{order.cause}@{order.version} {_seconds(order.due)}" for order in item.orders]
    return f"{text}; plan {', '.join(later) or 'none'}"


def _told(what: object) -> str:
    match what:
        case Event():
            return _event(what)
        case Receipt():
            return f"receipt {what.record_id}/{what.store} {what.command_id[:6]} {what.status}"
        case Policy():
            return _policy(what)
        case Notice():
            return _notice(what)
        case Hold():
            state = "active" if what.active else "released"
            who = " ".join((*what.records, *what.subjects))
            words = _words(what.match) if what.match else ""
            return f"hold {what.name}@{what.version} {state} {who}{words}"
        case Request():
            who = " ".join((*what.records, *what.subjects))
            words = _words(what.match) if what.match else ""
            before = "" if what.before is None else f" before {_seconds(what.before)}"
            text = f"request {what.name}@{what.version} {what.kind} {what.state} {who}{words}"
            text += f" received {_seconds(what.received)}{before} law {what.law}"
            text += "" if what.answered is None else f" answered {_seconds(what.answered)}"
            return f"{text} refused {' '.join(what.refused) or 'nothing'}"
        case Control():
            return f"control {what.name}@{what.version} {what.action}"
    return str(what)


def _policy(what: Policy) -> str:
    text = f"policy {what.name}@{what.version} default {what.default}s law {what.law}"
    text += f" leads {dict(what.leads)} answer within {what.answer_within}s"
    if what.effective_from is not None:
        text += f" from {_seconds(what.effective_from)}"
    for rule in what.rules:
        text += f"\n{'':20}{rule.name}: {rule.bound} {rule.limit}s after {rule.clock}"
        text += f" {rule.mode} law {rule.law} {_words(rule.match)}"
    return text


def _notice(what: Notice) -> str:
    state = "in force" if what.in_force else "withdrawn"
    text = f"notice {what.name}@{what.version} {state} law {what.law}"
    text += f" unknown: {what.unknown} {_words(what.match)}"
    if what.collected_before is not None:
        text += f" collected before {_seconds(what.collected_before)}"
    for step in what.steps:
        window = f"{_seconds(step.not_before)}..{_seconds(step.complete_by)}"
        text += f"\n{'':20}{step.name}: {step.action} {window}"
    return text


def _event(event: Event) -> str:
    text = f"{event.what} {event.record_id} at {_seconds(event.happened_at)} {event.event_id}"
    if event.collected_at is not None:
        text += f" collected {_seconds(event.collected_at)}"
    text += f" in {'/'.join(event.stores) or 'no store'}"
    for subject in event.subjects:
        signs = [f"{sign.signal}={sign.territory}" for sign in subject.evidence]
        text += f" {subject.subject_id}[{' '.join(signs)}]"
    words = (event.purpose, event.lawful_basis, *event.categories, event.source)
    return text + "".join(f" {word}" for word in words if word)


def _words(words: Words) -> str:
    named = [f"{axis}={'|'.join(value)}" for axis, value in vars(words).items() if value]
    return "{" + " ".join(named) + "}"
