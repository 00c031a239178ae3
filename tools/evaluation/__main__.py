"""`python -m tools.evaluation DIR [OPTIONS]`: the same as `rag-or-tune evaluate`."""

import sys

from bot.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "evaluate")
    main()
