"""Traces by OpenTelemetry, when OTEL_EXPORTER_OTLP_ENDPOINT is set; else nothing of it is imported.

A turn is one trace, in whichever processes it is accepted, answered and delivered: the trace's id is a hash of the
turn's, so that no context is handed on. Spans hold no user and no text.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from bot.errors import SettingsError, install_hint
from bot.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

SERVICE = "rag-or-tune"


@dataclass
class _Tracing:
    tracer: "Tracer | None" = None


_tracing = _Tracing()


@asynccontextmanager
async def export_traces(settings: Settings) -> AsyncIterator[None]:
    """Export traces until the block ends, if an endpoint is set. Raises SettingsError when packages are missing."""
    if not settings.otel_exporter_otlp_endpoint:
        yield
        return
    provider = _provider()
    _tracing.tracer = provider.get_tracer(SERVICE)
    try:
        yield
    finally:
        _tracing.tracer = None
        await asyncio.to_thread(provider.shutdown)  # sends what is left


def record_span(name: str, since: int, tenant: str, turn: int) -> None:
    """Record a span of a turn that had no id yet when the span began, at `since` (nanoseconds since 1970)."""
    if _tracing.tracer:
        _tracing.tracer.start_span(name, _context_of(tenant, turn), start_time=since).end()


@contextmanager
def span(name: str, tenant: str = "", turn: int | None = None) -> Iterator[None]:
    """Open a span of a turn, or below the span that is open."""
    if _tracing.tracer is None:
        yield
        return
    context = None if turn is None else _context_of(tenant, turn)
    own: dict[str, Any] = {} if turn is None else {"turn": turn, "platform": tenant.partition(":")[0]}
    from opentelemetry.trace import StatusCode

    # An exception's message may quote a user: its type is enough here, and the log has the rest.
    with _tracing.tracer.start_as_current_span(
        name, context, attributes=own, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield
        except Exception as error:
            opened.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def _provider() -> Any:  # noqa: ANN401 its type is not there to be imported
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SettingsError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT: the OpenTelemetry packages are not installed; {install_hint('otel')}"
        ) from error
    os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE)
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _context_of(tenant: str, turn: int) -> "Context":
    """Return the context of a turn's trace."""
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    digest = blake2b(f"{tenant}/{turn}".encode(), digest_size=24).digest()
    trace, root = int.from_bytes(digest[:16]), int.from_bytes(digest[16:])
    parent = SpanContext(trace, root, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(parent))
