"""A language model writes, and every sentence is checked."""
