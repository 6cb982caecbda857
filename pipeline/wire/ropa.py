"""The record of processing as CSV, for a spreadsheet, and as JSON-LD in terms of the DPV."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from pipeline.inquiry.processing import Activity, TimeLimit
from pipeline.vocabulary import UNKNOWN
from pipeline.vocabulary.taxonomy import NAMESPACES

_HEAD = (
    "purposes",
    "lawful bases",
    "categories of personal data",
    "residency of data subjects",
    "recipients",
    "time limits for erasure",
    "duties to keep",
    "kind",
    "sources",
    "stores",
    "records",
    "missing",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""
_CONTEXT = dict(NAMESPACES) | {
    "dct": "http://purl.org/dc/terms/",
    "loc": "https://w3id.org/dpv/loc#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}


def to_csv(found: Iterable[Activity]) -> str:
    """Write one line an activity; several values of a cell are separated by semicolons."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEAD)
    for one in found:
        maxima = [limit for limit in one.limits if limit.bound == "maximum"]
        minima = [limit for limit in one.limits if limit.bound == "minimum"]
        cells = (
            _listed(one.purposes),
            _listed(one.lawful_bases),
            _listed(one.categories),
            _listed(one.residency),
            _listed(one.recipients),
            _listed(map(_in_words, maxima)),
            _listed(map(_in_words, minima)),
            one.kind,
            _listed(one.sources),
            _listed(one.stores),
            str(one.records),
            _listed(one.gaps),
        )
        writer.writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def to_json_ld(found: Iterable[Activity]) -> str:
    """Write a graph of processes in terms of the W3C Data Privacy Vocabulary 2."""
    graph = [_process(one) for one in found]
    return json.dumps({"@context": _CONTEXT, "@graph": graph}, ensure_ascii=False, indent=2) + "\n"


def _listed(values: Iterable[str]) -> str:
    return "; ".join(values)


def _in_words(limit: TimeLimit) -> str:
    return f"{limit.period} after {limit.clock} ({limit.citation}; {limit.rule})"


def _harmless(cell: str) -> str:
    # Sources and recipients are in the platform's own words, and may be anything.
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _process(one: Activity) -> dict[str, Any]:
    places = [code for code in one.residency if code != UNKNOWN]
    process: dict[str, Any] = {
        "@type": "dpv:Process",
        "dpv:hasPurpose": _terms(one.purposes),
        "dpv:hasLegalBasis": _terms(one.lawful_bases),
        "dpv:hasPersonalData": _terms(one.categories),
        "dpv:hasLocation": _terms(f"loc:{code}" for code in places),
        "dpv:hasDataSource": [_named(source) for source in one.sources],
        "dpv:hasRecipient": [_named(recipient) for recipient in one.recipients],
        "dpv:hasStorageCondition": [
            *({"@type": "dpv:StorageLocation", "dct:title": store} for store in one.stores),
            *(_condition(limit) for limit in one.limits),
        ],
    }
    return {key: value for key, value in process.items() if value}


def _condition(limit: TimeLimit) -> dict[str, Any]:
    erase = limit.bound == "maximum"
    return {
        "@type": "dpv:StorageDeletion" if erase else "dpv:StorageDuration",
        "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": limit.period},
        "dct:description": f"{'at the latest' if erase else 'at least'} after {limit.clock}",
        "dct:source": limit.citation,
        "dct:identifier": limit.rule,
    }


def _terms(terms: Iterable[str]) -> list[dict[str, str]]:
    return [{"@id": term} for term in terms]


def _named(text: str) -> dict[str, str]:
    return {"dct:title": text}
