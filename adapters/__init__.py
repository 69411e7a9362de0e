"""Translation between vendors' words and the core's: one folder a vendor, two small ports.

Nothing here knows the store, and no vendor's word leaves this package.
"""
