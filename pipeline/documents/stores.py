"""What several policies say of the same stores: the most careful counts."""

from collections.abc import Iterable

from pipeline.documents.policy import Policy, StoreSettings
from pipeline.identifiers import StoreName

DEFAULT_STORE = StoreSettings()
"""Of a store that no policy speaks of."""


def stores_of(policies: Iterable[Policy]) -> dict[StoreName, StoreSettings]:
    """Return what policies say of each store."""
    stores: dict[StoreName, StoreSettings] = {}
    for policy in policies:
        for name, new in policy.stores.items():
            known = stores.get(name)
            stores[name] = new if known is None else _most_careful(known, new)
    return stores


def _most_careful(one: StoreSettings, other: StoreSettings) -> StoreSettings:
    rates = [rate for rate in (one.per_minute, other.per_minute) if rate is not None]
    return StoreSettings(
        lead=max(one.lead, other.lead),
        answer_within=min(one.answer_within, other.answer_within),
        per_minute=min(rates, default=None),
    )
