"""Where platforms come in: events, adapters, and what buttons and commands do."""
