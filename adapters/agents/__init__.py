"""The agents' desks: one folder a vendor, and `none` for an operator who has no agents.

What lives here: how people are reached when a customer asks for one. What must not: when a chat
is over, or what the customer is told (the hand-over decides that).
"""
