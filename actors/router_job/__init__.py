"""The router job: one actor a job, through all its attempts.

`state` is what it knows, `table` every transition, `acts` what a transition does, `decide` reads a
message into a signal and looks it up.
"""

from actors.router_job.decide import decide
from actors.router_job.state import Phase, RouterJob

__all__ = ["Phase", "RouterJob", "decide"]
