"""The bot on Discord: listeners, rendering, limits, nothing else."""
