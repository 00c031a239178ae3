"""References: what a person is told when something went wrong, and by which the log says what."""

import logging
import secrets


def report(log: logging.Logger, problem: str, *values: object, error: BaseException | None = None) -> str:
    """Writes into the log what went wrong, under a new reference; returns the reference.

    The error is the one that is being handled, unless it is given.
    """
    reference = secrets.token_hex(4)
    told = {"reference": reference}
    log.error(f"{problem}, reference %s", *values, reference, exc_info=error or True, extra=told)
    return reference
