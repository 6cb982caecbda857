"""Purposes, categories and lawful bases: terms of the W3C Data Privacy Vocabulary (DPV 2.3).

Written with the prefixes `dpv:`, `pd:` and `eu-gdpr:`. Words that came in must be normalised by
their taxonomy first: it also takes full IRIs and the keys of fideslang.
"""

from pipeline.vocabulary.taxonomy import load

_RESPELT = {"pd:Behavioral": "pd:Behavioural", "pd:PhoneNumber": "pd:TelephoneNumber"}
"""Words that were accepted before the tables were: no terms of DPV 2.3."""

PURPOSE_TAXONOMY = load("purposes", axis="purpose")
"""`dpv:Purpose` and everything below it, e.g. `dpv:Marketing` > `dpv:Advertising`."""

CATEGORY_TAXONOMY = load("categories", axis="category", aliases=_RESPELT)
"""Personal data, e.g. `dpv:SpecialCategoryPersonalData` > `pd:Biometric` > `pd:FacialPrint`.

A face photo is `pd:Picture`, its template `pd:FacialPrint`.
"""

LAWFUL_BASIS_TAXONOMY = load("lawful_bases")
"""`dpv:LegalBasis` and below, with GDPR art. 6(1) and 9(2): `dpv:Contract` > `eu-gdpr:A6-1-b`."""

PURPOSES = PURPOSE_TAXONOMY.terms
"""Purposes of processing, as terms."""

CATEGORIES = CATEGORY_TAXONOMY.terms
"""Categories of personal data, as terms."""

LAWFUL_BASES = LAWFUL_BASIS_TAXONOMY.terms
"""Lawful bases, as terms."""
