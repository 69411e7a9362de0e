"""The pure core: decisions, one message at a time."""
