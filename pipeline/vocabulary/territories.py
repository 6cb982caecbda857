"""Territories: ISO 3166 codes, normalised."""

from functools import cache

import pycountry

from pipeline.errors import InvalidInput

_TERRITORY_ALIASES = {"UK": "GB", "EL": "GR"}


@cache
def territories() -> frozenset[str]:
    """Return every code in its normal form."""
    countries = {country.alpha_2 for country in pycountry.countries}
    return frozenset(countries | {division.code for division in pycountry.subdivisions})


def territory(code: str) -> str:
    """Normalise an ISO 3166-1 alpha-2 or 3166-2 code: `UK` to `GB`, `EL` to `GR`.

    Raises:
        InvalidInput: there is no such code. `JE`, `GG`, `IM` and `GI` are codes of their own.
    """
    normal = _TERRITORY_ALIASES.get(code, code)
    if normal not in territories():
        message = (
            f"`{code[:12]}` is not an ISO 3166 territory; write e.g. GB, FR or US-CA, "
            "or leave the evidence out"
        )
        raise InvalidInput(message)
    return normal
