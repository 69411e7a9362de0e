"""The sandbox: the real daemon as a process of its own, in a simulated world.

`process` starts and kills the daemon, `stage` puts it into the world and lets time pass, `script`
reads conversation files, `player` plays them, `chat` is the conversation in a terminal. The
simulated vendors themselves live in `adapters.sandbox`.
"""
