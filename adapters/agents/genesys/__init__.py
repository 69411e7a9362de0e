"""Genesys Cloud by Open Messaging: raw HTTP and JSON, no vendor's library.

What lives here: the wire of
https://developer.genesys.cloud/commdigital/digital/openmessaging/ in both directions. What must
not: the life of a hand-over (`actors`), or a vendor's word in anything that leaves this folder.

Inbound and outbound are the daemon's words (`inbound.py` hears, `outbound.py` speaks); Genesys
calls what we send "inbound".
"""
