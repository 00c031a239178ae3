"""Exported embedding models below DATA_DIR/models, each in a folder named by a hash of the model and of the format.

A truncated or foreign folder is detected by the hashes in its manifest, and replaced.
"""

import errno
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from bot.errors import ModelError
from bot.guidance.onnx_model import GRAPH_FILE, TOKENIZER_FILE, TRAITS_FILE, WEIGHTS_FILE, OnnxModel

log = logging.getLogger(__name__)

EXPORT_FORMAT = 1  # to be raised when the files or the export change
FILES = (GRAPH_FILE, WEIGHTS_FILE, TOKENIZER_FILE, TRAITS_FILE)
MANIFEST_FILE = "manifest.json"
OTHER_FILES = {".json", ".txt", ".model", ".safetensors", ".bin"}  # that decide about vectors, beside the weights
OTHER_FORMATS = {"onnx", "openvino"}  # folders that sentence-transformers does not read
FREE_SPACE = 2.5  # times the size of the weights, which an export writes twice
MAX_KEPT = 3  # exported models: the packaged, a tuned, another
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
CODE = Path(__file__).parents[2]  # where a process finds this package

Identity = dict[str, object]


class ModelCache:
    """Exports models once. Without `data`, or if that cannot be written, for this process alone."""

    def __init__(self, data: Path | None = None, prebuilt: Path | None = None) -> None:
        """Keep models in `data`/models; `prebuilt`/models is looked into, too, and never written."""
        self._data, self._prebuilt = data, prebuilt

    def find(self, source: Path, sha256: str) -> Path | None:
        """The complete export of the model in `source`, whose weights have this hash; None if there is none."""
        identity = _identify(source, sha256)
        places = [place / "models" / _name(identity) for place in (self._prebuilt, self._data) if place]
        return next((folder for folder in places if _is_complete(folder, identity)), None)

    def load(self, source: Path, sha256: str) -> OnnxModel:
        """Load that model, exported first if it is not yet: call it from a thread. Raises ModelError."""
        folder = self.find(source, sha256)
        if folder is not None:
            return OnnxModel(folder)
        if self._data is not None:
            try:
                return OnnxModel(_keep(source, _identify(source, sha256), self._data / "models"))
            except OSError as error:
                log.warning(
                    "the embedding model cannot be kept in DATA_DIR (%s); it is prepared again at each start",
                    error.strerror,
                )
        with tempfile.TemporaryDirectory(prefix="rag-or-tune-", ignore_cleanup_errors=True) as place:
            try:
                _export(source, Path(place))
            except OSError as error:
                raise ModelError(
                    f"The embedding model cannot be prepared, neither in DATA_DIR nor in {tempfile.gettempdir()} "
                    f"({error.strerror}); make room, or set DATA_DIR to a folder that can be written."
                ) from error
            return OnnxModel(Path(place))  # what it has opened stays readable


def _keep(source: Path, identity: Identity, models: Path) -> Path:
    """Export a model into `models`, unless another process just has. Raises OSError, ModelError."""
    models.mkdir(parents=True, exist_ok=True)
    folder = models / _name(identity)
    with FileLock(models / ".lock"):
        if _is_complete(folder, identity):
            return folder
        with tempfile.TemporaryDirectory(dir=models, prefix=".new-") as place:
            new = Path(place) / "kept"
            new.mkdir()
            _export(source, new)
            manifest = {"identity": identity, "files": _hash_files(new)}
            (new / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1), "utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
        oldest_first = sorted(models.glob(f"*/{MANIFEST_FILE}"), key=lambda file: file.stat().st_mtime)
        for old in oldest_first[:-MAX_KEPT]:
            shutil.rmtree(old.parent, ignore_errors=True)
    return folder


def _export(source: Path, folder: Path) -> None:
    """Export into `folder` in a process of its own, which ends with this one. Raises ModelError, OSError."""
    size = sum(file.stat().st_size for file in source.iterdir() if file.name in WEIGHTS)
    if shutil.disk_usage(folder).free < FREE_SPACE * size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    log.info("preparing the embedding model for ONNX Runtime, once")
    command = [sys.executable, "-P", "-m", "bot.guidance.export", str(source), str(folder)]
    python_path = os.pathsep.join(filter(None, (str(CODE), os.environ.get("PYTHONPATH"))))
    reading, writing = os.pipe()  # nothing is written: the process ends when this end closes
    try:
        environment = {**os.environ, "PYTHONPATH": python_path}
        done = subprocess.run(command, stdin=reading, capture_output=True, env=environment, text=True)  # noqa: S603
    finally:
        os.close(reading)
        os.close(writing)
    if done.returncode:
        log.debug("exporting failed: %s", done.stderr)
        raise _read_problem(done.stdout) or ModelError(
            f"The embedding model cannot be exported (the process that does it ended with {done.returncode}; "
            "is there enough memory?)."
        )


def _read_problem(output: str) -> Exception | None:
    """The problem that `bot.guidance.export` wrote, None if it wrote none."""
    try:
        number, problem = json.loads(output.splitlines()[-1])
    except (IndexError, ValueError, TypeError):
        return None
    return OSError(number, problem) if number else ModelError(problem)


def _identify(source: Path, sha256: str) -> Identity:
    import onnxruntime

    files = {
        file.relative_to(source).as_posix(): file
        for file in sorted(source.rglob("*"))
        if file.suffix in OTHER_FILES and not OTHER_FORMATS & {*file.relative_to(source).parts}
    }
    hashes = {name: _hash(file) for name, file in files.items() if name not in WEIGHTS and file.is_file()}
    return {"format": EXPORT_FORMAT, "runtime": onnxruntime.__version__, "weights": sha256, "files": hashes}


def _name(identity: Identity) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def _is_complete(folder: Path, identity: Identity) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
        return bool(manifest == {"identity": identity, "files": _hash_files(folder)})
    except (OSError, ValueError):
        return False


def _hash_files(folder: Path) -> dict[str, str]:
    return {name: _hash(folder / name) for name in FILES}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
