"""Tests of the agents' desks."""
