"""Discord's limits, https://docs.discord.com/developers/resources/message: in characters, unless said otherwise."""

CONTENT = 2_000
EMBED = 4_096  # of an embed's description
EMBEDS = 6_000  # of all embeds of a message together
EMBED_COUNT = 10
BUTTON = 80
TITLE, LABEL, DESCRIPTION = 45, 45, 100  # of a form, and of what is asked for there
OPTION = 100
PLACEHOLDER = 150
ALT_TEXT = 1_024
URL = 2_048
QUESTION = 6_000  # what a command is given
