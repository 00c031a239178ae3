"""`/metrics`: what this process has counted, and figures that are read from the database when they are asked for."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from bot.observing.metrics import PREFIX
from bot.store.figures import Figures


class Kept(Collector):
    """The database's figures; they are everybody's, and so the same in each process. None while it does not answer."""

    def __init__(self, figures: Figures | None) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """The figures as Prometheus has them."""
        yield GaugeMetricFamily(
            f"{PREFIX}_database_up", "Whether the database answers.", value=self._figures is not None
        )
        if self._figures is None:
            return
        depth = GaugeMetricFamily(f"{PREFIX}_queue_depth", "What waits in a queue.", labels=["queue"])
        oldest = GaugeMetricFamily(f"{PREFIX}_queue_oldest_seconds", "The age of its oldest.", labels=["queue"])
        for name, queue in (("questions", self._figures.questions), ("posts", self._figures.posts)):
            depth.add_metric([name], queue.depth)
            oldest.add_metric([name], queue.oldest)
        leads = GaugeMetricFamily(f"{PREFIX}_leads", "Requests for a consultant by state.", labels=["state"])
        for state, count in self._figures.leads.items():
            leads.add_metric([state], count)
        yield from (depth, oldest, leads)


def scraped(figures: Figures | None) -> Response:
    """The answer to a scrape."""
    kept = CollectorRegistry()
    kept.register(Kept(figures))
    return Response(generate_latest(REGISTRY) + generate_latest(kept), media_type=CONTENT_TYPE_LATEST)
