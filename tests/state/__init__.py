"""Durability: one contract for three stores, then what is particular to each."""
