"""A process, from start to stop: what it listens to, and its HTTP side."""
