"""A small real store on SQLite that obeys the pipeline's commands: for store teams to copy from.

`tables` says what is kept where, `obeying` what each command does, `service` how commands come and
answers go. The contract is schemas/README.md. Start at `ReferenceStore`.
"""

from pipeline.reference_store.clocks import clock_of
from pipeline.reference_store.database import StoreUnavailable
from pipeline.reference_store.inventory import Held, to_csv, to_json_lines
from pipeline.reference_store.obeying import OBEYED
from pipeline.reference_store.seeds import Added, Seed, read_seeds
from pipeline.reference_store.service import StoreService
from pipeline.reference_store.store import Counts, ReferenceStore

__all__ = [
    "OBEYED",
    "Added",
    "Counts",
    "Held",
    "ReferenceStore",
    "Seed",
    "StoreService",
    "StoreUnavailable",
    "clock_of",
    "read_seeds",
    "to_csv",
    "to_json_lines",
]
