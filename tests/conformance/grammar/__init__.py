"""The grammar of random commands. Each family is a list of (weight, production).

A production takes a Source and returns a list of commands that belong together: they are sent by
one client, one after the other. A command is a tuple of bytes.
"""
