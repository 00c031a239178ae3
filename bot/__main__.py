"""`python -m bot` is `rag-or-tune`."""

from bot.cli import main

main()
