"""Providers' systems that run router jobs: one folder an adapter, and the signatures they share.

What must not live here: anything about customers or chats.
"""
