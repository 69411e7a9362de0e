"""The shell: configuration, time, web, logs, and the running of actors."""
