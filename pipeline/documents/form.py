"""What the YAML forms of documents are made of: words, ids, and the parts that several share."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)


def _listed(value: object) -> object:
    # One word stands for a list of one; a key with nothing after it must not mean "any".
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


def _joined(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _printable(text: str) -> str:
    # Invisible and direction-changing characters would let a text read other than it is.
    if not text.isprintable():
        message = "printable"
        raise ValueError(message)
    return text


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
"""An id: it becomes part of causes and topic names."""
Version = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,15}$")]
AtMost = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,15}|[0-9]{1,2}(\.[0-9])?%)$")]
Count = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$")]
Weight = Annotated[str, StringConstraints(pattern=r"^(0|1|0\.[0-9]{1,3}|1\.0{1,3})$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,2000}$")]
Word = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_printable)]
Prose = Annotated[
    str, BeforeValidator(_joined), Field(min_length=1, max_length=2_000), AfterValidator(_printable)
]
OpaqueId = Annotated[str, Field(min_length=1, max_length=512)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_listed), Field(min_length=1, max_length=1_000)]
Ids = Annotated[tuple[OpaqueId, ...], BeforeValidator(_listed), Field(min_length=1)]


class Shape(BaseModel):
    """What all forms share: unknown keys are refused, values do not change.

    An optional text left out is empty. None is no default anywhere: a key with nothing after it is
    a slip, and `at_most:` or `collected_before:` would silently mean "without limit".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class CitationShape(Shape):
    """`{law: UK GDPR, article: "5(1)(e)", url: https://…, jurisdiction: GB}`."""

    law: Word
    article: Word
    url: Url = ""
    jurisdiction: Word = ""


NO_CITATION = CitationShape.model_construct(law="", article="")
"""Stands for `citation` left out where a law is named that is known here."""


class MatchShape(Shape):
    """`{residency: [GB], present: [FR], purpose: [dpv:…], category: [pd:…], …, source: […]}`."""

    residency: Words = ()
    present: Words = ()
    purpose: Words = ()
    category: Words = ()
    lawful_basis: Words = ()
    source: Words = ()
