"""Tests of the Genesys Cloud adapter."""
