"""Slack's limits, https://docs.slack.dev/reference/block-kit: in characters, unless it is said otherwise."""

TEXT = 40_000  # of a message
UPDATE = 4_000  # of the plain text of a message that is updated
PART = 3_000  # of a section; we keep a rich-text block to the same
BLOCKS = 50  # blocks in a message
WEIGHT = 13_000  # all text in the blocks of a message; not documented, see github.com/slackapi/bolt-js/issues/2509
WEIGHT_OF_A_BLOCK = 125  # what each block adds to that
URL = 3_000
TITLE = 150
BUTTON = 75
OPTION = 75
PLACEHOLDER = 150
ALT_TEXT = 2_000
