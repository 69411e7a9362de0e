"""Durability: the Store protocol, its rows, and the stores that keep its promises.

Knows bytes and rows, never what they mean. Only this package knows SQL.
"""
