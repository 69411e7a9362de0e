"""The shell: tasks, time, configuration and wiring around the pure core.

No business rule lives here. `daemon.wiring` alone picks implementations.
"""
