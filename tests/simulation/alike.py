"""What may differ between a command and its repetition."""

import msgspec

from pipeline.commands import Command


def alike(command: Command, known: Command, *, went_back: bool) -> Command:
    """Return a repeated command with what may differ from the first as it was in that.

    When it is void follows from when it was issued. What destroys nothing says since when it was
    called for, and a job that lost what it had sent may send it again under a later version of its
    cause: neither is part of its id. One that `went_back` behind it may know an earlier one only.
    """
    free = ["attempt", "issued_at", "expires_at"]
    if command.kind != "DELETE":
        free += ["not_before", "complete_by", "data_until"]
    if command.cause_version > known.cause_version or went_back:
        free += ["cause_version", "complete_by", "citation"]
    return msgspec.structs.replace(command, **{name: getattr(known, name) for name in free})
