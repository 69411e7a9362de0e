"""Conversation files, wherever they are played: in the sandbox, or on the pure core.

`format` reads a file, `stage` is what a file is played on, `acting` does what a line says,
`checking` compares what came with what was expected, `player` goes through a file with both.
`writing` writes lines, `showing` puts a chat and a difference on a terminal, `comparing` holds two
performances of a file against each other. `look` is what the bot has in mind, `needs` what a flow
needs of the world around it.
"""
