"""Faults of the machine: what a full disk, a jumping clock or a bug does to the real daemon."""
