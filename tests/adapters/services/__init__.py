"""Tests of the web requests to services."""
