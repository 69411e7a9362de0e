"""Tests of the telco adapters."""
