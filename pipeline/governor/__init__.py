"""The governor: what may leave of the deletions that are due; `pace` is the rate of a store."""

from pipeline.governor.governor import Governor
from pipeline.governor.journal import Allowance, GovernorChunk
from pipeline.governor.pace import Pace

__all__ = ["Allowance", "Governor", "GovernorChunk", "Pace"]
