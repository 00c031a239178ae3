"""How tests look at what was counted: by how much a figure has grown."""

from prometheus_client import REGISTRY


class Counted:
    """A counter of this process, from now on."""

    def __init__(self, name: str, **labels: str) -> None:
        self._name, self._labels = f"rag_or_tune_{name}", labels
        self._before = self._now

    @property
    def more(self) -> float:
        return self._now - self._before

    @property
    def _now(self) -> float:
        return REGISTRY.get_sample_value(self._name, self._labels) or 0.0
