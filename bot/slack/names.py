"""Names that the listeners and the app's manifest share."""

COMMAND = "/rag-or-tune"
ASK = "ask"  # the message shortcut
ENDPOINT, INSTALL, REDIRECT = "/slack/events", "/slack/install", "/slack/oauth_redirect"  # paths at our address
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "team_access_revoked",
    "tokens_revoked",
)
SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "users:read",
)
