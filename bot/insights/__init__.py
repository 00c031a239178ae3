"""A report for the firm that runs the bot: what is asked, what has no answer, what is recommended."""
