"""The seeded simulation: the whole shell and core in one process, with faults, on virtual time.

One number decides everything that happens. `python -m tests.simulation --seed N --verbose` shows
it; docs/simulation.md says what is simulated and what is not.
"""
