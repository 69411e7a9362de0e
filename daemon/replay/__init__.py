"""`routerbot replay`: from what the daemon keeps of a conversation to a file that plays it again.

`story` asks the running daemon, `redaction` takes out what is anybody's own, `events` reads what
happened outside the bot, `scripting` puts it in order as lines, `command` writes the file and
tries it.
"""
