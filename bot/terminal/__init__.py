"""The commands in a terminal: what they ask, print and keep."""
