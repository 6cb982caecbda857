"""What a broker refuses for want of rights: told by name, and apart from a refused login."""

import signal

import pytest
from kafka import errors
from rich.console import Console

from pipeline.cli import waiting
from pipeline.errors import LoginRefused, NotPermitted, RetentionError
from pipeline.jobs import once
from pipeline.jobs.ending import Ending
from pipeline.settings import Settings, to_json
from pipeline.transports.kafka_connect import translated
from pipeline.transports.sqlite import SqliteBroker


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (errors.TopicAuthorizationFailedError({"b.two", "a.one"}), " for a.one for b.two"),
        (errors.TopicAuthorizationFailedError("a.one"), " for a.one"),
        (errors.GroupAuthorizationFailedError("job"), " for job"),
        (errors.ClusterAuthorizationFailedError(), ""),
        (errors.TopicAuthorizationFailedError("Jane Doe, 12"), ""),
    ],
)
def test_a_missing_right_names_the_topic_or_group_and_nothing_else(
    error: Exception, named: str
) -> None:
    told = translated(error, "kafka://b:1")
    assert type(told) is NotPermitted
    assert f"the broker does not permit this{named} ({type(error).__name__})" in str(told)
    assert "retention topics acl" in str(told)


def test_a_refused_login_is_told_apart() -> None:
    error = errors.SaslAuthenticationFailedError("what the broker says")
    told = translated(error, "kafka://b:1")
    assert isinstance(told, LoginRefused)
    assert "what the broker says" not in str(told)


def test_a_broker_that_does_not_show_the_clock_has_answered(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(error: RetentionError) -> None:
        def partitions(_: object, __: str) -> int | None:
            raise error

        monkeypatch.setattr(SqliteBroker, "partitions", partitions)

    refusing(NotPermitted("the broker does not permit this"))
    assert waiting.reachable(url, "p.", Console()).url == url
    refusing(LoginRefused("the broker does not accept the login"))
    with pytest.raises(LoginRefused):
        waiting.reachable(url, "p.", Console())


@pytest.mark.parametrize("error", [NotPermitted("no right"), LoginRefused("no login")])
def test_a_job_tries_again_for_a_right_or_login_may_be_given_meanwhile(
    error: RetentionError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: object) -> int:
        raise error

    monkeypatch.setattr(once, "_run", run)
    monkeypatch.setattr(once, "die_with_parent", lambda: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert once.main([to_json(Settings("kafka://b:1"))]) == Ending.EXPLAINED
    assert str(error) in capsys.readouterr().out


@pytest.fixture
def url(tmp_path: object) -> str:
    """The address of a log."""
    return f"sqlite://{tmp_path}/log.db"
