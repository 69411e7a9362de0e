"""The simulated outside world: vendors' servers on loopback, and the people behind them.

What lives here: servers that speak the real wires with real signatures, so that the daemon runs
with its real adapters, and a small Python interface for whoever plays the customers and agents.
What must not: anything of the daemon's (the simulators are written from the vendors' manuals, and
share no code with the adapters that they are to try), or an address beyond loopback.

Begin with `world.open_world`. Each vendor has a file or a few named for it, and is a `System` that
answers plain requests (`exchange`), with troubles to order (`troubles`). `agenda` is the time that
they know, `clock` the same going by. `wire` is the border to how they are reached and how their
webhooks are carried (`carrying`): over HTTP (`loopback`, `server`, `courier`) or in place
(`direct`). `stubs` stands for services that only a conversation file knows.
"""
