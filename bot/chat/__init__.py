"""The way in for every platform: adapters, dispatch, and what presses and commands do."""
