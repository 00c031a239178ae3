"""The index's vectors in Postgres with pgvector, searched through LangChain's PGVectorStore instead of FAISS.

A table holds one index and is created and filled in one transaction. A new one removes the tables of older indexes,
except the last, which other processes may still use.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import psycopg
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.errors import BotError, SettingsError, install_hint
from bot.guidance.embedding import Embedder, Vectors
from bot.guidance.index import EXACT_UP_TO, NeighbourSearch

if TYPE_CHECKING:
    from langchain_postgres import PGEngine, PGVectorStore

CONNECT_TIMEOUT = 10  # seconds that a connection may take
ADVISORY_LOCK = 7_241_190_533  # the advisory lock under which tables are made and removed
TABLE_PREFIX = "rag_or_tune_index_"
MAX_BUILD_MEMORY = 2_000  # MB that the server may take to build a graph
MAX_GRAPH_DIMENSIONS = 2_000  # dimensions that pgvector's HNSW index takes


class VectorServerError(BotError):
    """The server of VECTOR_STORE_URL cannot be used."""


class PgVectors:
    """A vector server; see `VectorServer`."""

    def __init__(self, url: str, embedder: Embedder, exact_up_to: int = EXACT_UP_TO) -> None:
        """Raises SettingsError if the URL cannot be used or the extra is not installed."""
        self._url, self._embedder, self._exact_up_to = _postgres(url), embedder, exact_up_to
        try:
            import langchain_postgres  # noqa: F401 only whether it is there
        except ImportError as error:
            raise SettingsError(
                f"VECTOR_STORE_URL: packages are missing; {install_hint('pgvector')} (or leave it out: then FAISS "
                "searches)."
            ) from error

    def check(self) -> str:
        """Describe the server, for the doctor. Raises VectorServerError if it cannot be used."""
        with self._connected() as connection:
            version = connection.info.parameter_status("server_version")
            extension = connection.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
            (of_extension,) = extension.fetchone() or ("",)
            return f"pgvector {of_extension} on Postgres {version}, {len(_tables(connection))} index(es)"

    def holds(self, name: str, count: int) -> bool:
        """Return True if the server has this index, with `count` documents."""
        with self._connected() as connection:
            return _holds(connection, TABLE_PREFIX + name, count)

    def fill(self, name: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Store the whole index; one that is there already stays."""
        table = TABLE_PREFIX + name
        with self._connected() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
            if _holds(connection, table, len(texts)):
                return  # another process put it there meanwhile
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            before = [old for old in _tables(connection) if old != table]
            for old in (*before[1:], table):
                connection.execute(SQL("DROP TABLE IF EXISTS public.{}").format(Identifier(old)))
            _make(connection, table, texts, vectors)
            if len(texts) > self._exact_up_to and vectors.shape[1] <= MAX_GRAPH_DIMENSIONS:
                _make_graph(connection, table, vectors.nbytes)

    def neighbours(self, name: str) -> NeighbourSearch:
        """The search of an index; it connects on the first call."""
        searched = _Searched(self._url, TABLE_PREFIX + name, self._embedder)
        return searched.nearest

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        """A connection with a transaction, committed at the end."""
        url = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT) as connection:
                if not connection.execute("SELECT FROM pg_available_extensions WHERE name = 'vector'").rowcount:
                    raise VectorServerError(
                        "The server of VECTOR_STORE_URL has no pgvector; install that extension there (on Debian the "
                        "package postgresql-18-pgvector, by the server's version), or leave VECTOR_STORE_URL out."
                    )
                yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            raise VectorServerError(
                f"The user of VECTOR_STORE_URL may not do that: {_said(error)}. Let the database belong to that user, "
                "and an administrator run CREATE EXTENSION vector in it."
            ) from error
        except psycopg.Error as error:
            raise _unusable(error) from error


class _Searched:
    """A searchable table; connections are opened when they are needed."""

    def __init__(self, url: URL, table: str, embedder: Embedder) -> None:
        self._url, self._table, self._embedder = url, table, embedder

    @cached_property
    def engine(self) -> "PGEngine":
        """The connection pool, in a thread of its own."""
        from langchain_postgres import PGEngine

        return PGEngine.from_connection_string(
            self._url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": CONNECT_TIMEOUT}
        )

    @cached_property
    def store(self) -> "PGVectorStore":
        """The table as LangChain's vector store; a passage's id is its document's number."""
        from langchain_postgres import PGVectorStore
        from langchain_postgres.v2.indexes import DistanceStrategy

        return PGVectorStore.create_sync(
            self.engine, self._embedder, self._table, distance_strategy=DistanceStrategy.INNER_PRODUCT
        )

    def nearest(self, vector: Vectors, count: int) -> list[tuple[int, float]]:
        """Find the nearest documents, as a NeighbourSearch."""
        try:
            found = self.store.similarity_search_with_score_by_vector(vector.tolist(), k=count)
        except (ValueError, DBAPIError) as error:
            cause = getattr(error, "orig", None)
            if cause and not isinstance(cause, psycopg.errors.UndefinedTable):
                raise _unusable(cause) from error
            raise VectorServerError(  # LangChain's own word for that is a ValueError
                "The server of VECTOR_STORE_URL does not hold this index any more; start the bot anew."
            ) from error
        return [(int(passage.id or ""), float(cosine)) for passage, cosine in found]


def _postgres(url: str) -> URL:
    try:
        given = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError("VECTOR_STORE_URL: write postgresql://user:password@host/name, or leave it out") from error
    if given.get_backend_name() not in ("postgresql", "postgres"):
        raise SettingsError(
            "VECTOR_STORE_URL: only a Postgres with pgvector will do: postgresql://user:password@host/name"
        )
    return given.set(drivername="postgresql+psycopg")


def _unusable(error: BaseException | None) -> VectorServerError:
    return VectorServerError(
        f"The vector server cannot be used: {_said(error)}. Check VECTOR_STORE_URL and the server."
    )


def _said(error: BaseException | None) -> str:
    """The first line of a Postgres error, without hints."""
    return str(error).partition("\n")[0]


def _tables(connection: psycopg.Connection) -> list[str]:
    """The tables of indexes, the newest first."""
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
        "AND starts_with(relname, %s) ORDER BY oid DESC",
        [TABLE_PREFIX],
    )
    return [name for (name,) in found]


def _holds(connection: psycopg.Connection, table: str, count: int) -> bool:
    if table not in _tables(connection):
        return False
    (found,) = connection.execute(SQL("SELECT count(*) FROM public.{}").format(Identifier(table))).fetchone() or (0,)
    return bool(found == count)


def _make(connection: psycopg.Connection, table: str, texts: Sequence[str], vectors: Vectors) -> None:
    """Create and fill the table in PGVectorStore's form by COPY, many times as fast as its own `add_texts`."""
    from pgvector.psycopg import register_vector

    register_vector(connection)
    name, width = Identifier(table), Literal(vectors.shape[1])
    connection.execute(
        SQL(
            "CREATE TABLE public.{} "
            "(langchain_id integer PRIMARY KEY, content text NOT NULL, embedding vector({}) NOT NULL)"
        ).format(name, width)
    )
    command = SQL("COPY public.{} (langchain_id, content, embedding) FROM STDIN WITH (FORMAT BINARY)").format(name)
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.set_types(("int4", "text", "vector"))
        for row in zip(range(len(texts)), texts, vectors, strict=True):
            copy.write_row(row)


def _make_graph(connection: psycopg.Connection, table: str, size: int) -> None:
    memory = min(64 + 3 * size // 1_000_000, MAX_BUILD_MEMORY)  # with less it is slow
    connection.execute(SQL("SET LOCAL maintenance_work_mem = {}").format(f"{memory}MB"))
    connection.execute("SET LOCAL max_parallel_maintenance_workers = 0")  # they would need shared memory
    connection.execute(SQL("CREATE INDEX ON public.{} USING hnsw (embedding vector_ip_ops)").format(Identifier(table)))
