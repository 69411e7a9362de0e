"""From what is kept of a conversation to a file that plays it again."""
