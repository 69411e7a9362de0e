"""Tests of what is shipped: the wheel and the systemd unit."""
