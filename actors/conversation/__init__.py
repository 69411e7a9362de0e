"""The conversation: one actor for each customer and business number.

`state` is what it knows, `decide` sends each message to where it belongs: `hearing` reads what a
customer did, `walk` carries out steps of the flow, `jobs` and `people` tell of jobs and
hand-overs, `saying` writes to the customer.
"""

from actors.conversation.decide import decide
from actors.conversation.state import Conversation

__all__ = ["Conversation", "decide"]
