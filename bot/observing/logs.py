"""The log: a line for people, or JSON for machines, on standard error; secrets are left out of either."""

import logging
import re
import secrets
import sys
from asyncio import CancelledError

from pydantic import SecretStr

from bot.settings import Settings

LINE = "%(levelname)s %(name)s: %(message)s"
HIDDEN = "[secret]"
POOL = "sqlalchemy.pool"  # whose connection is closed then, and replaced
SHORTEST = 8  # characters of a setting that is looked for
SECRET = re.compile(
    r"\bxox[a-z](?:\.xox[a-z])?-[\w-]+|\bxapp-[\w-]+"  # Slack's tokens
    r"|\b[\w-]{23,30}\.[\w-]{6}\.[\w-]{27,}"  # the token of a bot on Discord
    r"|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"  # user and password in an address
    r"|(?i:(?<=bearer )|(?<=bot ))[\w.~+/-]{16,}=*"  # what authorizes a request
)


class Discreet(logging.Formatter):
    """Writes as another formatter does, without secrets."""

    def __init__(self, inner: logging.Formatter, settings: Settings) -> None:
        """Leaves out what looks like a secret, and the settings that are one."""
        super().__init__()
        self._inner = inner
        self._known = [value for value in _secrets(settings) if len(value) >= SHORTEST]

    def format(self, record: logging.LogRecord) -> str:
        written = self._inner.format(record)
        for value in self._known:
            written = written.replace(value, HIDDEN)
        return SECRET.sub(HIDDEN, written)


def log_to_stderr(settings: Settings) -> None:
    """Sets the log up as the settings have it."""
    handler = logging.StreamHandler(sys.stderr)
    log_to(handler, _as_json() if settings.log_format == "json" else logging.Formatter(LINE), settings)


def log_to(handler: logging.Handler, formatter: logging.Formatter, settings: Settings) -> None:
    """Has a handler write all that is logged from the level on that is set, without secrets."""
    handler.setFormatter(Discreet(formatter, settings))
    handler.addFilter(_went_wrong)
    libraries = "INFO" if settings.log_level == "DEBUG" else settings.log_level  # below, they say what people said
    logging.basicConfig(level=libraries, handlers=[handler])
    logging.getLogger("bot").setLevel(settings.log_level)


def report(log: logging.Logger, problem: str, *values: object, error: BaseException | None = None) -> str:
    """Writes into the log what went wrong, under a new reference; returns the reference.

    The error is the one that is being handled, unless it is given.
    """
    reference = secrets.token_hex(4)
    told = {"reference": reference}
    log.error(f"{problem}, reference %s", *values, reference, exc_info=error or True, extra=told)
    return reference


def _went_wrong(record: logging.LogRecord) -> bool:
    """False for what the connection pool reports as an error of work that was only cancelled, as by a stop."""
    cancelled = record.exc_info and isinstance(record.exc_info[1], CancelledError)
    return not (cancelled and record.name.startswith(POOL))


def _as_json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    names = {"levelname": "level", "name": "logger", "exc_info": "exception"}
    return JsonFormatter(["levelname", "name", "message"], rename_fields=names, timestamp="time")


def _secrets(settings: Settings) -> list[str]:
    """The values of all settings that are secrets."""
    values = [getattr(settings, name) for name in type(settings).model_fields]
    found = [value for value in values if isinstance(value, SecretStr)] + [*settings.secret_keys]
    return [secret.get_secret_value() for secret in found]
