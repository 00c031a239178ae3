"""The log: lines for people, or JSON for machines, on standard error; both without secrets."""

import logging
import re
import secrets
import sys
from asyncio import CancelledError

from pydantic import SecretStr

from bot.settings import Settings

LINE = "%(levelname)s %(name)s: %(message)s"
HIDDEN = "[secret]"
POOL = "sqlalchemy.pool"  # it closes and replaces the connection of cancelled work
MIN_SECRET = 8  # characters; a shorter setting would be redacted inside ordinary words
SECRET = re.compile(
    r"\bxox[a-z](?:\.xox[a-z])?-[\w-]+|\bxapp-[\w-]+"  # Slack's tokens
    r"|\b[\w-]{23,30}\.[\w-]{6}\.[\w-]{27,}"  # the token of a bot on Discord
    r"|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"  # user and password in a URL
    r"|(?i:(?<=bearer )|(?<=bot ))[\w.~+/-]{16,}=*"  # Authorization headers
)


class RedactingFormatter(logging.Formatter):
    """Redacts secrets in what another formatter writes."""

    def __init__(self, inner: logging.Formatter, settings: Settings) -> None:
        """Redact what looks like a secret, and the values of secret settings."""
        super().__init__()
        self._inner = inner
        self._known = [value for value in _secrets(settings) if len(value) >= MIN_SECRET]

    def format(self, record: logging.LogRecord) -> str:
        written = self._inner.format(record)
        for value in self._known:
            written = written.replace(value, HIDDEN)
        return SECRET.sub(HIDDEN, written)


def log_to_stderr(settings: Settings) -> None:
    """Set up the log by the settings, on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    log_to(handler, _as_json() if settings.log_format == "json" else logging.Formatter(LINE), settings)


def log_to(handler: logging.Handler, formatter: logging.Formatter, settings: Settings) -> None:
    """Set up the log with one handler, at the level of the settings, without secrets."""
    handler.setFormatter(RedactingFormatter(formatter, settings))
    handler.addFilter(_is_real_error)
    libraries = "INFO" if settings.log_level == "DEBUG" else settings.log_level  # below, they log what users write
    logging.basicConfig(level=libraries, handlers=[handler])
    logging.getLogger("bot").setLevel(settings.log_level)


def report(log: logging.Logger, problem: str, *values: object, error: BaseException | None = None) -> str:
    """Log a problem with its traceback under a new reference, and return the reference.

    The error is the one being handled, unless `error` is passed.
    """
    reference = secrets.token_hex(4)
    extra = {"reference": reference}
    log.error(f"{problem}, reference %s", *values, reference, exc_info=error or True, extra=extra)
    return reference


def _is_real_error(record: logging.LogRecord) -> bool:
    """Return False for the connection pool's reports of work that was only cancelled, as by a stop."""
    cancelled = record.exc_info and isinstance(record.exc_info[1], CancelledError)
    return not (cancelled and record.name.startswith(POOL))


def _as_json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    names = {"levelname": "level", "name": "logger", "exc_info": "exception"}
    return JsonFormatter(["levelname", "name", "message"], rename_fields=names, timestamp="time")


def _secrets(settings: Settings) -> list[str]:
    """Return the values of all secret settings."""
    values = [getattr(settings, name) for name in type(settings).model_fields]
    found = [value for value in values if isinstance(value, SecretStr)] + [*settings.secret_keys]
    return [secret.get_secret_value() for secret in found]
