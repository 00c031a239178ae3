"""Secrets at rest: encrypted with keys that can be rotated."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, Text, TypeDecorator

from bot.errors import SettingsError

_KEYS: WeakKeyDictionary[Dialect, MultiFernet] = WeakKeyDictionary()  # a column type knows no more than its dialect


def use_keys(dialect: Dialect, keys: Sequence[str]) -> None:
    """Set the keys of a database: the first encrypts, all decrypt. Raises SettingsError for what is no Fernet key."""
    try:
        _KEYS[dialect] = MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise SettingsError(
            "SECRET_KEYS: each key must be 32 bytes in URL-safe base64, separated by commas. Make one with "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'."
        ) from error


def key_in(folder: Path) -> str:
    """The key that is kept in a folder, made at the first use, readable by its owner only.

    Raises SettingsError when what is there is no key.
    """
    path = folder / "secret.key"
    if not path.exists():
        handle, new = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
        try:
            path.hardlink_to(new)  # which only one of several processes can
        except FileExistsError:
            pass
        finally:
            Path(new).unlink()
    try:
        key = path.read_text("ascii").strip()
        Fernet(key)
    except ValueError as error:
        raise SettingsError(
            f"{path} is damaged. Bring back a copy of it; or move it away to begin with a new one: tokens that the "
            "database keeps cannot be read any more then."
        ) from error
    return key


class EncryptedText(TypeDecorator[str]):
    """Text that is encrypted in the database. What no key of ours can read is read as None."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _KEYS[dialect].encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        try:
            return _KEYS[dialect].decrypt(value).decode()
        except InvalidToken:
            return None
