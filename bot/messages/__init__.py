"""Messages, cards and forms, the same on every platform."""
