"""A cache below DATA_DIR for what is learned from the corpus, in folders named by a hash of what it was learned from.

A stale or foreign folder is never found, a truncated one is detected by the sizes in its manifest; both are rebuilt.
"""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path

from bot.errors import CorpusError

MAX_WRITING_TIME = 3_600  # seconds; an older temporary folder was left by a process that died


def hash_files(files: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of each file, by name. Raises CorpusError when one cannot be read."""
    try:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}
    except OSError as error:
        raise CorpusError(Path(error.filename), None, f"cannot be read ({error.strerror})") from error


class ArtifactCache:
    """Content-addressed cache of learned artifacts: the folder below `data` for one `identity` (JSON values)."""

    def __init__(self, data: Path, identity: Mapping[str, object], files: Sequence[str]) -> None:
        """`files` are the names of the files in the folder, beside its manifest."""
        self.data, self._identity, self._files = data, dict(identity), files

    @cached_property
    def folder(self) -> Path:
        """The folder's path; it need not exist."""
        return self.data / hashlib.sha256(json.dumps(self._identity, sort_keys=True).encode()).hexdigest()[:16]

    def is_current(self) -> bool:
        """Return True if the folder is there and complete."""
        try:
            manifest = json.loads((self.folder / "manifest.json").read_text("utf-8"))
            return bool(self._manifest(self.folder).items() <= manifest.items())
        except (OSError, ValueError, AttributeError, TypeError):
            return False

    def adopt(self, content: str) -> bool:
        """Rename an older folder that was learned from the same `content`, if there is one. Raises OSError."""
        for old in sorted(self.data.glob("*/manifest.json")):
            try:
                manifest = json.loads(old.read_text("utf-8"))
                sizes = {name: (old.parent / name).stat().st_size for name in self._files}
                is_same = manifest["content"] == content and manifest["sizes"] == sizes
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if is_same:
                self.save(partial(self._copy, old.parent), content)
                return True
        return False

    def save(self, write: Callable[[Path], object], content: str = "") -> None:
        """Have `write` fill a new folder, move it into place and remove older ones. Raises OSError.

        `content` names what was learned from more closely than the identity, for `adopt`.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.data, prefix=".new-", ignore_cleanup_errors=True) as name:
            new = Path(name) / "kept"
            new.mkdir()
            write(new)
            manifest = self._manifest(new) | {"content": content}
            (new / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
            if not self.is_current():
                shutil.rmtree(self.folder, ignore_errors=True)
                new.rename(self.folder)
        for old in self.data.iterdir():
            if old != self.folder and not _is_being_written(old):
                shutil.rmtree(old, ignore_errors=True)

    def _copy(self, old: Path, new: Path) -> None:
        for name in self._files:
            shutil.copy(old / name, new)

    def _manifest(self, folder: Path) -> dict[str, object]:
        return {"identity": self._identity, "sizes": {name: (folder / name).stat().st_size for name in self._files}}


def _is_being_written(folder: Path) -> bool:
    """Return True for another process's temporary folder, unless it is so old that the process must have died."""
    try:
        return folder.name.startswith(".") and time.time() - folder.stat().st_mtime < MAX_WRITING_TIME
    except OSError:
        return True  # it has just been moved into place
