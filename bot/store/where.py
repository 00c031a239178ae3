"""The location of the database: SQLite files, or a Postgres."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import SettingsError


@dataclass(frozen=True)
class Where:
    """The location of the database: `own` for our tables, `engine` for the durable engine's, as synchronous URLs."""

    own: URL
    engine: URL

    @classmethod
    def of(cls, url: str | None, folder: Path) -> "Where":
        """From DATABASE_URL, or SQLite files in `folder`. Raises SettingsError for another kind of database."""
        try:
            given = make_url(url) if url else URL.create("sqlite", database=str(folder / "rag-or-tune.sqlite"))
        except (ArgumentError, ValueError) as error:
            raise SettingsError("DATABASE_URL: write postgresql://user:password@host/name, or leave it out") from error
        match given.get_backend_name():
            case "sqlite" if given.database and given.database != ":memory:":
                path = Path(given.database)
                engine = path.with_name(f"{path.stem}-engine{path.suffix}")
                return cls(given.set(drivername="sqlite"), URL.create("sqlite", database=str(engine)))
            case "postgresql" | "postgres":
                own = given.set(drivername="postgresql+psycopg")
                return cls(own, own)
        raise SettingsError("DATABASE_URL: the bot works with postgresql://… and with sqlite:///a/file, nothing else")

    @property
    def embedded(self) -> bool:
        """True for SQLite, a file without a server."""
        return self.own.get_backend_name() == "sqlite"
