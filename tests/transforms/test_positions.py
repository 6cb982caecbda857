"""Positions are committed again, so that a broker forgets none of an idle partition."""

from pipeline.transforms.positions import RENEW_SECONDS, Renewal
from tests.transforms.readers import P0, P1, Log


def test_positions_are_committed_again_once_an_hour_as_they_are(log: Log) -> None:
    clock = [0.0]
    renewal = Renewal("g", (P0, P1), lambda: clock[0])
    log.broker.commit("g", {P0: 7})
    clock[0] = RENEW_SECONDS - 1
    assert renewal.renew(log.broker) == {}
    clock[0] = RENEW_SECONDS
    assert renewal.renew(log.broker) == {P0: 7}
    assert renewal.renew(log.broker) == {}
    assert log.broker.committed("g", (P0, P1)) == {P0: 7}


def test_what_was_never_acknowledged_is_not_committed(log: Log) -> None:
    clock = [0.0]
    renewal = Renewal("g", (P0,), lambda: clock[0])
    clock[0] = RENEW_SECONDS
    assert renewal.renew(log.broker) == {}
    assert log.broker.committed("g", (P0,)) == {}
