"""The tables of the taxonomies, as they lie beside the code."""

import csv
from pathlib import Path

import pipeline.vocabulary as vocabulary
from pipeline.vocabulary import (
    CATEGORY_TAXONOMY,
    LAWFUL_BASIS_TAXONOMY,
    PURPOSE_TAXONOMY,
)

FOLDER = Path(vocabulary.__file__).parent
TABLES = {
    "purposes": PURPOSE_TAXONOMY,
    "categories": CATEGORY_TAXONOMY,
    "lawful_bases": LAWFUL_BASIS_TAXONOMY,
}
ROOTS = {"purposes": "dpv:Purpose", "categories": "dpv:Data", "lawful_bases": "dpv:LegalBasis"}
AXES = {"purpose": PURPOSE_TAXONOMY, "category": CATEGORY_TAXONOMY}


def rows(table: str) -> list[list[str]]:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


FIDESLANG = [(axis, key, term) for axis, key, term in rows("fideslang")]
