"""What can be said and shown, the same on every platform."""
