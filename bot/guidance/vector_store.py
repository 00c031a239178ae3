"""The vectors of all texts that something is learned from, one store for each embedding model below DATA_DIR/vectors.

No text is embedded twice, and little again after an interruption. A truncated or foreign store counts as empty.
"""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.guidance.embedding import EMBEDDING_BATCH, Embedder, Vectors

PROGRESS_STEP = 8 * EMBEDDING_BATCH  # texts embedded between two reports of progress
SAVING_STEP = 16 * PROGRESS_STEP  # texts embedded between two writes
MAX_STORES = 2  # the packaged model's and a tuned one's

Progress = Callable[[int, int], None]
Keys = NDArray[np.uint64]


def ignore_progress(done: int, total: int) -> None:
    """Show no progress."""


class VectorStore:
    """The vectors of one model. Where nothing can be written, they are only remembered."""

    def __init__(self, data: Path, embedder: Embedder) -> None:
        self._file = data / "vectors" / f"{embedder.sha256[:16]}.npz"
        self._embedder = embedder
        self._keys, self._vectors = self._read()

    def prepare(self, texts: Sequence[str], progress: Progress = ignore_progress) -> int:
        """Embed the new ones of these texts, forget all others, and return how many were new."""
        wanted = {_key(text): text for text in texts}
        known = set(self._keys.tolist())
        new = [(key, text) for key, text in wanted.items() if key not in known]
        if not known <= wanted.keys():
            rows = [row for row, key in enumerate(self._keys.tolist()) if key in wanted]
            self._keys, self._vectors = self._keys[rows], self._vectors[rows]
            self._write()
        self._add(sorted(new, key=lambda item: len(item[1])), progress)  # similar lengths share a batch
        return len(new)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector for each text, in order."""
        keys = [_key(text) for text in texts]
        if missing := {*keys}.difference(self._keys.tolist()):
            new = {key: text for key, text in zip(keys, texts, strict=True) if key in missing}
            self._add([*new.items()], ignore_progress)
        rows = {key: row for row, key in enumerate(self._keys.tolist())}
        return self._vectors[[rows[key] for key in keys]]

    def _add(self, new: Sequence[tuple[int, str]], progress: Progress) -> None:
        progress(0, len(new))
        for first in range(0, len(new), SAVING_STEP):
            parts = [self._vectors] if len(self._keys) else []
            last = min(first + SAVING_STEP, len(new))
            for start in range(first, last, PROGRESS_STEP):
                end = min(start + PROGRESS_STEP, last)
                parts.append(self._embedder.embed([text for _, text in new[start:end]]))
                progress(end, len(new))
            self._keys = np.append(self._keys, np.array([key for key, _ in new[first:last]], np.uint64))
            self._vectors = np.concatenate(parts)
            self._write()

    def _read(self) -> tuple[Keys, Vectors]:
        try:
            with np.load(self._file, allow_pickle=False) as kept:
                keys, vectors = kept["keys"], kept["vectors"]
        except Exception:  # noqa: BLE001  NumPy raises many kinds for what is not its own
            return np.zeros(0, np.uint64), np.zeros((0, 0), np.float32)
        return keys, vectors

    def _write(self) -> None:
        """Replace the file, if there is room, and remove the oldest ones."""
        folder = self._file.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".new-", ignore_cleanup_errors=True) as place:
                new = Path(place) / self._file.name
                np.savez(new, keys=self._keys, vectors=self._vectors)
                new.replace(self._file)
            for old in sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime)[:-MAX_STORES]:
                old.unlink(missing_ok=True)
        except OSError:
            return


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")
