"""Conversation files: reading, playing, comparing, showing, writing."""
