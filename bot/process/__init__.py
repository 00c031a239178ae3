"""A process, from start to stop: the parts that it serves, and its HTTP side."""
