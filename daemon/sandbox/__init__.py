"""The sandbox: the real daemon as a process of its own, in a simulated world.

`process` starts and kills the daemon, `stage` puts it into the world and lets time pass, `chat` is
the conversation in a terminal, `recording` writes it down. Conversation files are played by
`daemon.scripts`; the simulated vendors live in `adapters.sandbox`.
"""
