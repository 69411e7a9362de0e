"""Power cuts at the level of single writes, on the real schema and the real units of work."""
