"""The test of flows: one loop, its stage, its command."""
