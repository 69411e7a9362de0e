"""The tests, one folder a layer.

This file makes ``tests`` a package. Without it, ``tests/state`` would be imported as ``state`` and
hide the real one.
"""
