"""The simulated outside world: vendors' servers on loopback, and the people behind them.

What lives here: servers that speak the real wires with real signatures, so that the daemon runs
with its real adapters, and a small Python interface for whoever plays the customers and agents.
What must not: anything of the daemon's (the simulators are written from the vendors' manuals, and
share no code with the adapters that they are to try), or an address beyond loopback.

Begin with `world.open_world`. `clock` is the sandbox's time, `server`, `faults` and `courier` are
what the simulators share; each vendor has a file or a few named for it.
"""
