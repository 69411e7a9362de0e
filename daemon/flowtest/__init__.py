"""`routerbot flow test`: conversation files on the pure core, in milliseconds.

`one_loop` is the daemon's work without tasks, threads, files or sockets, `stage` puts it into a
simulated world, `coverage` counts what of a flow was gone through, `command` is the command.
"""
