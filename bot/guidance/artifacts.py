"""A cache below DATA_DIR for what is learned from the corpus, in folders named by a hash of what it was learned from.

A stale or foreign folder is never found, a truncated one is detected by the hashes in its manifest; both are rebuilt.
"""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import ArrayLike

from bot.errors import CorpusError
from bot.guidance.embedding import EMBEDDING_BATCH, Embedder, Vectors

PROGRESS_STEP = 8 * EMBEDDING_BATCH  # texts embedded between two reports of progress
MAX_WRITING_TIME = 3_600  # seconds; an older temporary folder was left by a process that died

Progress = Callable[[int, int], None]


def ignore_progress(done: int, total: int) -> None:
    """Show no progress."""


def read_vectors(vectors: faiss.Index) -> Vectors:
    """All vectors of an index, one per row, in the order in which they were added."""
    rows: Vectors = vectors.reconstruct_n(0, vectors.ntotal)
    return rows


def hash_files(files: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of each file, by name. Raises CorpusError when one cannot be read."""
    try:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}
    except OSError as error:
        raise CorpusError(Path(error.filename), None, f"cannot be read ({error.strerror})") from error


class ArtifactCache:
    """Content-addressed cache of learned artifacts: the folder below `data` for one `identity` (JSON values).

    It always holds `texts.jsonl`, one JSON object with a `text` per line, and `vectors.faiss`, their embeddings.
    """

    def __init__(self, data: Path, identity: Mapping[str, object], files: Sequence[str] = ()) -> None:
        self.data, self._identity = data, dict(identity)
        self._files = ("texts.jsonl", "vectors.faiss", *files)

    @cached_property
    def folder(self) -> Path:
        """The folder's path; it need not exist."""
        return self.data / hashlib.sha256(json.dumps(self._identity, sort_keys=True).encode()).hexdigest()[:16]

    def is_current(self) -> bool:
        """Return True if the folder is there and complete."""
        manifest = self._manifest(self.folder)
        return manifest is not None and manifest["identity"] == self._identity

    def lines(self) -> list[str]:
        """The lines of `texts.jsonl`."""
        return _read_lines(self.folder)

    def vectors(self) -> faiss.Index:
        """The vectors, in the order of the lines."""
        return faiss.read_index(str(self.folder / "vectors.faiss"))

    def save(self, lines: Iterable[str], vectors: faiss.Index, arrays: Mapping[str, Mapping[str, ArrayLike]]) -> None:
        """Write a complete folder, move it into place and remove older ones. Raises OSError.

        `arrays` are the other files: the arrays of each, by name.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.data, prefix=".new-") as name:
            new = Path(name) / "kept"
            new.mkdir()
            (new / "vectors.faiss").write_bytes(faiss.serialize_index(vectors).tobytes())
            (new / "texts.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
            for file, values in arrays.items():
                with (new / file).open("wb") as out:
                    np.savez(out, allow_pickle=False, **values)
            manifest = {"identity": self._identity, "files": self._hashes(new)}
            (new / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
            if not self.is_current():
                shutil.rmtree(self.folder, ignore_errors=True)
                new.rename(self.folder)
        for old in self.data.iterdir():
            if old != self.folder and not _is_being_written(old):
                shutil.rmtree(old, ignore_errors=True)

    def embed(self, texts: Sequence[str], embedder: Embedder, progress: Progress) -> Vectors:
        """A vector for each text, in order; those in an older folder of the same model are reused."""
        known = self._known_vectors()
        new = [text for text in dict.fromkeys(texts) if text not in known]
        new.sort(key=len)  # texts of similar length share a batch, to save padding
        for start in range(0, len(new), PROGRESS_STEP):
            batch = new[start : start + PROGRESS_STEP]
            known.update(zip(batch, list(embedder.embed(batch)), strict=True))
            progress(start + len(batch), len(new))
        return np.stack([known[text] for text in texts])

    def _known_vectors(self) -> dict[str, Vectors]:
        for old in sorted(self.data.glob("*/manifest.json")):
            manifest = self._manifest(old.parent)
            if manifest and all(manifest["identity"].get(part) == self._identity[part] for part in ("format", "model")):
                try:
                    texts = [json.loads(line)["text"] for line in _read_lines(old.parent)]
                    vectors = faiss.read_index(str(old.parent / "vectors.faiss"))
                    return dict(zip(texts, read_vectors(vectors), strict=True))
                except (OSError, ValueError, KeyError, TypeError, RuntimeError):
                    continue
        return {}

    def _manifest(self, folder: Path) -> dict[str, dict[str, object]] | None:
        """The manifest of a folder, None if the folder is incomplete."""
        try:
            manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
            complete = isinstance(manifest["identity"], dict) and manifest["files"] == self._hashes(folder)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return manifest if complete else None

    def _hashes(self, folder: Path) -> dict[str, str]:
        return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in self._files}


def _is_being_written(folder: Path) -> bool:
    """Return True for another process's temporary folder, unless it is so old that the process must have died."""
    try:
        return folder.name.startswith(".") and time.time() - folder.stat().st_mtime < MAX_WRITING_TIME
    except OSError:
        return True  # it has just been moved into place


def _read_lines(folder: Path) -> list[str]:
    return (folder / "texts.jsonl").read_text("utf-8").splitlines()
