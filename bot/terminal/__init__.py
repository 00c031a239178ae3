"""The commands in a terminal. A module is named after its command; `_command` where another folder has that name."""
