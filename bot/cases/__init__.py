"""A team's own words about its use case, read as facts."""
