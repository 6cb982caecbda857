"""The error families, each named by what the caller does next.

Every class docstring ends in the operator's action. Messages never hold record ids, subject ids or
payloads: they name the topic, partition, offset, field and reason.
"""


class RetentionError(Exception):
    """Something this software refuses or cannot do; the message is one sentence for a person."""


class InvalidInput(RetentionError):
    """A value given by a person is wrong.

    Operator action: correct the value named in the message and give it again.
    """


class NoSuchPartition(InvalidInput):
    """A topic that is to be read, or a partition of it, does not exist.

    Operator action: create the topic; of one that was read and was deleted, see "LogTruncated" in
    the README.
    """


class NotPermitted(InvalidInput):
    """The broker gives this user no right to what was asked.

    Operator action: give the user the rights that `retention topics acl` prints for its role.
    """


class LoginRefused(NotPermitted):
    """The broker does not accept the name, password or mechanism.

    Operator action: correct the security file or the secret that it names.
    """


class Undecodable(RetentionError):
    """A message cannot be read as what its topic promises.

    The job puts it in quarantine and goes on. Operator action: repair the producer, then replay.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Take a short stable reason code and one sentence without personal data."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["Undecodable"], tuple[str, str]]:
        """Pickle both parts; the default would pass the formatted message only."""
        return (Undecodable, (self.reason, self.detail))


class BrokerUnavailable(RetentionError):
    """The broker does not answer.

    Callers retry with backoff. Operator action: start the broker or correct the address.
    """


class LogTruncated(RetentionError):
    """A position points below the oldest kept message, or above the newest: history is missing.

    The job stops rather than skips. Operator action: see "LogTruncated" in the README.
    """


class RunnerRefused(RetentionError):
    """The runner or its version cannot keep the promises.

    Operator action: use the runner or version that the message names.
    """


class CorruptState(RetentionError):
    """One of our own topics holds a row that cannot be read; its record's history is unknown.

    The job stops: applying events without the history could overwrite it. Operator action: inspect
    the row at the named topic, partition and offset.
    """
