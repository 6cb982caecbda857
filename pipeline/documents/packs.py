"""Policy packs: rules that are shipped, with their citations, for policies to include.

A policy names them under `packs`, e.g. `us-il-bipa/1`. Their rules stand beside its own, under the
pack's name: `us-il-bipa.last-interaction`; a rule of its own with that id takes its place.
"""

from functools import lru_cache
from importlib.resources import files

from pipeline.documents.policy_form import PackShape
from pipeline.documents.reading import read_tree


@lru_cache(maxsize=1)
def packs() -> dict[str, PackShape]:
    """Return every pack that is shipped, as `name/version`."""
    found = [
        PackShape.model_validate(read_tree(file.read_text("utf-8")).root.plain())
        for file in files("pipeline.packs").iterdir()
        if file.name.endswith(".yaml")
    ]
    return {f"{one.pack}/{one.version}": one for one in sorted(found, key=lambda one: one.pack)}
