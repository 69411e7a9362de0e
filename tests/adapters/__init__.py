"""Tests of the adapters, one folder a port or vendor."""
