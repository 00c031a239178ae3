"""The bot in Slack: listeners that hand on, rendering, and Slack's limits; nothing else."""
