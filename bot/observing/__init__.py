"""What an operator sees of a process: log, metrics, traces."""
