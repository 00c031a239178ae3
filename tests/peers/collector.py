"""A collector of OpenTelemetry's on loopback: it keeps the spans that it is sent, by OTLP over HTTP with protobuf."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """The spans, and the names of the services that sent them."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def trace(self, name: str) -> dict[str, Span]:
        """The spans, by name, of the one trace that has a span of that name."""
        (trace,) = {span.trace_id for span in self.spans if span.name == name}
        return {span.name: span for span in self.spans if span.trace_id == trace}

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = (a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
            self.services.update(names)
            for scope in resource.scope_spans:
                self.spans += scope.spans


@contextmanager
def collector() -> Iterator[Collector]:
    """Runs one on a free port of loopback until the block ends."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_known = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
            if is_known:
                kept.take(body)
            self.send_response(200 if is_known else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
