"""Benchmarks: `make bench` prints tables; docs/performance.md keeps the figures."""
