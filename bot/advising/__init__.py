"""The front door: what a message is answered with, and advice on a use case."""
