"""Tuning the embedding model itself on the phrasings; it is kept only if unseen voices are then understood better.

The upper half of the model learns, under a linear softmax over its unit vectors, to tell what a wording asks for; the
lower half and the word embeddings stay as published, which halves the time and keeps words that no phrasing uses. First
some voices are held out, and the ranker is scored on them over the base model's vectors and over the tuned one's.
"""

import errno
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from bot.errors import CorpusError
from bot.guidance.article import read_articles
from bot.guidance.embedding import Embedder, Vectors
from bot.guidance.holdout import HoldOut, Understood
from bot.guidance.index import Index, IndexFolder, examples
from bot.guidance.kept import Progress, rows_of
from bot.guidance.phrasings import Phrasing, read_phrasings

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

SEED = 20
EPOCHS = 3
BATCH = 32
RATE, HEAD_RATE = 1e-4, 1e-2  # the highest learning rates, of the model and of the softmax
WARM_UP = 0.1  # share of the steps in which the rates rise; in the rest they fall
SHARPNESS = 20.0  # the softmax's inverse temperature: unit vectors make scores that differ by less than one
NOISE = 0.005  # a smaller gain in `Understood.quality` is taken for chance
HELD_OUT = 3  # one voice of so many is held out; in a corpus of fewer voices, one wording of so many
RECORD = "tuning.json"

LAYER = re.compile(r"\blayers?\.(\d+)\.")


@dataclass(frozen=True)
class Outcome:
    """Whether the tuned model was kept, and the scores over the base model's vectors and over the tuned one's."""

    kept: bool
    before: Understood
    after: Understood


def tune(corpus: Path, data: Path, embedder: Embedder, progress: Progress, *, rate: float = RATE) -> Outcome:
    """Tunes a copy of `embedder`, which must hold the base model, and keeps it in `data`/model if it is better.

    Takes minutes, call it from a thread; the same each time on one machine. A model kept earlier stays until a better
    one replaces it. Raises CorpusError when there is nothing to learn from, OSError when the model cannot be written.
    """
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix=".new-") as place:  # made first: what cannot be written fails now
        phrasings = read_phrasings(corpus, read_articles(corpus))
        if not phrasings:
            raise CorpusError(corpus, None, "has no phrasings to tune on; write *.phrasings.yaml beside the article")
        folder = IndexFolder(corpus, data, embedder)
        index = folder.load() or folder.build()
        vectors = rows_of(index.vectors)
        rows, fold = examples(index.documents), _fold(index, phrasings)
        first, total = EPOCHS * len(fold.seen), EPOCHS * (len(fold.seen) + len(rows))
        before = fold.scores(vectors)
        tuned = _tuned(embedder, index, vectors, fold.seen, rate, lambda done: progress(done, total))
        after = fold.scores(tuned.embed([d.text for d in index.documents]))
        outcome = Outcome(after.quality > before.quality + NOISE, before, after)
        if outcome.kept:
            final = _tuned(embedder, index, vectors, rows, rate, lambda done: progress(first + done, total))
            record = {"base": embedder.sha256, "before": asdict(before), "after": asdict(after)}
            _keep(final, Path(place) / "model", data / "model", record)
        progress(total, total)
    return outcome


def tuned_folder(data: Path, base_sha256: str) -> Path | None:
    """The folder of the kept model if it is whole and was tuned from the base with these weights, else None."""
    folder = data / "model"
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        whole = record["base"] == base_sha256 and record["files"] == _hashes(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if whole else None


def _fold(index: Index, phrasings: Sequence[Phrasing]) -> HoldOut:
    """Holds out whole voices, as a person who asks is one more voice."""
    voices = sorted({p.voice for p in phrasings})
    mixed = len(voices) < HELD_OUT
    out = [n % HELD_OUT == 0 if mixed else p.voice in voices[::HELD_OUT] for n, p in enumerate(phrasings)]
    return HoldOut.of(index, out)


def _tuned(
    base: Embedder, index: Index, vectors: Vectors, rows: list[int], rate: float, progress: Callable[[int], None]
) -> Embedder:
    """A copy of the base model that has learned from these rows of the index; `vectors` are the base model's."""
    import torch

    tuned = Embedder(base.folder)
    texts, targets = [index.documents[row].text for row in rows], torch.from_numpy(_targets(index, rows))
    head = torch.nn.Linear(tuned.dimensions, targets.shape[1])
    means = torch.nn.functional.normalize(targets.T @ torch.from_numpy(vectors[rows]))
    head.load_state_dict({"weight": means, "bias": torch.zeros(len(means))})  # pulls the model nowhere at random
    optimiser, schedule = _optimiser(tuned.model, head, rate, EPOCHS * -(-len(rows) // BATCH))
    done = 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        tuned.model.train()
        for batch in _batches(texts):
            words = tuned.model.tokenizer([texts[n] for n in batch], padding=True, truncation=True, return_tensors="pt")
            scores = SHARPNESS * head(tuned.model(dict(words))["sentence_embedding"])
            torch.autograd.backward(torch.nn.functional.cross_entropy(scores, targets[batch]))
            torch.nn.utils.clip_grad_norm_(tuned.model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            progress(done := done + len(batch))
    tuned.model.eval()
    return tuned


def _targets(index: Index, rows: list[int]) -> NDArray[np.float32]:
    """Shape (rows, labels): what each asks for, evenly where it is several things."""
    asked = [index.documents[row].labels for row in rows]
    labels = sorted({label for which in asked for label in which})
    return np.array([[(label in which) / len(which) for label in labels] for which in asked], np.float32)


def _optimiser(
    model: "SentenceTransformer", head: "torch.nn.Linear", rate: float, steps: int
) -> tuple["torch.optim.Optimizer", "torch.optim.lr_scheduler.LRScheduler"]:
    """AdamW over the upper half of the layers and the head; the rates rise, then fall, to nothing after `steps`."""
    import torch

    layers = {name: int(found[1]) for name, _ in model.named_parameters() if (found := LAYER.search(name))}
    half = (max(layers.values(), default=-1) + 1) // 2
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("embeddings" not in name and layers.get(name, half) >= half)
    upper = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW([{"params": upper, "lr": rate}, {"params": head.parameters(), "lr": HEAD_RATE}])
    rising = max(1, round(WARM_UP * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / rising, (steps - step) / max(1, steps - rising))
    )
    return optimiser, schedule


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """The numbers of the texts of one batch after another, in all epochs; about equally long ones waste no padding."""
    random = np.random.default_rng(SEED)
    lengths = np.array([len(text) // 8 for text in texts])
    for _ in range(EPOCHS):
        order = random.permutation(len(texts))
        order = order[np.argsort(lengths[order], kind="stable")]
        for start in random.permutation(np.arange(0, len(texts), BATCH)):
            yield order[start : start + BATCH].tolist()


def _keep(tuned: Embedder, new: Path, folder: Path, record: dict[str, Any]) -> None:
    """Writes the model into the empty folder `new` and moves it to `folder` whole, in place of an older one."""
    try:
        tuned.model.save_pretrained(str(new), create_model_card=False)
    except SafetensorError as error:  # which is no OSError, also when the disk is full
        raise OSError(errno.EIO, f"the tuned model cannot be written ({error})", str(new)) from error
    (new / RECORD).write_text(json.dumps(record | {"files": _hashes(new)}, indent=1), "utf-8")
    if folder.exists():
        folder.rename(new.parent / "old")
    new.rename(folder)


def _hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in the folder but the record, by its path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != RECORD)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
