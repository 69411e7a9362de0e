"""The real daemon as a child process, among simulated vendors on loopback."""
