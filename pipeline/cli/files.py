"""Reading the files that a person names, and saying what is wrong with one that cannot be read."""

from pathlib import Path

import typer

from pipeline.errors import InvalidInput


def text_of(file: Path) -> str:
    """Return the text of a file; `-` is standard input.

    Raises:
        InvalidInput: it cannot be read, or is not UTF-8.
    """
    try:
        if str(file) == "-":
            return typer.get_text_stream("stdin").read()
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(file, error) from error


def unreadable(file: Path, error: OSError | UnicodeDecodeError) -> InvalidInput:
    """Return what is to be said of a file that cannot be read."""
    return InvalidInput(f"{file} cannot be read: {_why(error)}")


def unwritable(file: Path, error: OSError) -> InvalidInput:
    """Return what is to be said of a file that cannot be written."""
    return InvalidInput(f"{file} cannot be written: {_why(error)}")


def _why(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start + 1} is not UTF-8; save it as UTF-8"
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder; correct the path"
    if isinstance(error, IsADirectoryError):
        return "it is a folder; name a file"
    if isinstance(error, NotADirectoryError):
        return "a part of its path is not a folder; correct the path"
    if isinstance(error, PermissionError):
        return "permission is missing; give it to this user, or name another file"
    return f"{error.strerror}; repair that, or name another file"
