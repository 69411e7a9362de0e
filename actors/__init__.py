"""The pure core: what conversations, router jobs and hand-overs hear, know and decide.

Values in, values out. Nothing in this package waits, reads a clock, draws a number or does I/O.
"""
