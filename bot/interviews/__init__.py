"""The guided interview, of one person or of a team."""
