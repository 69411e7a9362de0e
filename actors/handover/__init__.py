"""The hand-over: one actor an escalation, from "talk to a person" to the end of the chat.

`state` is what it knows, `table` every transition, `decide` reads messages and does the rest.
"""

from actors.handover.decide import decide
from actors.handover.state import Handover, Phase

__all__ = ["Handover", "Phase", "decide"]
