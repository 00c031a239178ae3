"""Names and permissions that the commands and the invitation share."""

from discord import Permissions

COMMAND = "rag-or-tune"  # the group of slash commands
ASK = "Ask rag-or-tune"  # in a message's menu
PERMISSIONS = Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    add_reactions=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
