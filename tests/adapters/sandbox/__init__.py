"""Tests of the simulated outside world: it must speak the wires as the vendors do."""
