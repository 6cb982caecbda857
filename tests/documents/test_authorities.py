"""How notices of an authority may be appealed."""

import pytest

from pipeline.documents.authorities import AUTHORITIES, appeal_of
from pipeline.documents.times import window_end
from pipeline.periods import last_day
from tests.documents.lives import APPEALED, at


def test_an_authority_that_is_not_known_says_how_it_may_be_appealed() -> None:
    more = "appeal: {window: P10D, suspends: no, zone: Europe/Vienna, calendar: AT}\n"
    found = at("2022-07-01T00:00:00Z", APPEALED, authority="AT-DSB", more=more)
    assert found.state == "IN_FORCE"
    end = window_end(found.notice)
    assert end is not None
    assert last_day(end, "Europe/Vienna").isoformat() == "2022-05-30"  # 28 May is a Saturday


@pytest.mark.parametrize("code", AUTHORITIES)
def test_every_authority_has_a_window_and_a_citation(code: str) -> None:
    appeal = appeal_of(code)
    assert appeal is not None
    assert AUTHORITIES[code].citation
    assert appeal.suspends == (code == "GB-ICO")
