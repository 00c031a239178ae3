"""Tune the embedding model on the phrasings; keep it only if held-out voices are then understood better.

The upper half of the model is trained, under a linear softmax over its unit vectors, to classify wordings; the lower
half and the word embeddings stay as published, which halves the time and keeps words that no phrasing uses. The ranker
is first scored on held-out voices, over the base model's vectors and over the tuned one's.
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

from bot.errors import CorpusError
from bot.guidance.article import read_articles
from bot.guidance.embedding import Embedder, Vectors, shorten
from bot.guidance.export import encode, load_sentence_transformer
from bot.guidance.holdout import HoldOut, HoldoutScores
from bot.guidance.index import Index, IndexFolder, training_rows
from bot.guidance.phrasings import Phrasing, read_phrasings
from bot.guidance.vector_store import Progress

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

SEED = 20
TRAINING_BATCH = 32
HEAD_RATE = 1e-2  # the softmax's highest learning rate
WARM_UP = 0.1  # share of the steps in which the rates rise; in the rest they fall
SHARPNESS = 20.0  # the softmax's inverse temperature: unit vectors make scores that differ by less than one
HOLD_OUT_EVERY = 3  # one voice of so many is held out; in a corpus of fewer voices, one wording of so many
RECORD_FILE = "tuning.json"

LAYER = re.compile(r"\blayers?\.(\d+)\.")


@dataclass(frozen=True)
class TuningPolicy:
    """Learning rate, epochs, and the gain in `HoldoutScores.quality` below which an improvement counts as chance."""

    rate: float = 1e-4
    epochs: int = 3
    min_gain: float = 0.005


@dataclass(frozen=True)
class TuningResult:
    """The scores over the base model's vectors and over the tuned one's; `improved` models are kept."""

    improved: bool
    before: HoldoutScores
    after: HoldoutScores


def tune(
    corpus: Path, data: Path, embedder: Embedder, progress: Progress, policy: TuningPolicy | None = None
) -> TuningResult:
    """Tune a copy of `embedder`, which must hold the base model, and keep it in `data`/model if it is better.

    Takes minutes: call it from a thread. Deterministic on one machine. An earlier tuned model stays until a better one
    replaces it. Raises CorpusError if there is nothing to learn from, OSError if the model cannot be written.
    """
    policy = policy or TuningPolicy()
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix=".new-") as place:  # first, so that a full disk fails right away
        phrasings = read_phrasings(corpus, read_articles(corpus))
        if not phrasings:
            raise CorpusError(corpus, None, "has no phrasings to tune on; write *.phrasings.yaml beside the article")
        folder = IndexFolder(corpus, data, embedder)
        index = folder.load() or folder.build()
        vectors = index.library.rows
        rows, fold = training_rows(index.library.documents), _hold_out(index, phrasings)
        first, total = policy.epochs * len(fold.seen), policy.epochs * (len(fold.seen) + len(rows))
        before = fold.scores(vectors)
        tuned = _train(embedder, index, vectors, fold.seen, policy, lambda done: progress(done, total))
        after = fold.scores(encode(tuned, [shorten(d.text) for d in index.library.documents]))
        result = TuningResult(after.quality > before.quality + policy.min_gain, before, after)
        if result.improved:
            final = _train(embedder, index, vectors, rows, policy, lambda done: progress(first + done, total))
            record = {"base": embedder.sha256, "before": asdict(before), "after": asdict(after)}
            _save(final, Path(place) / "model", data / "model", record)
        progress(total, total)
    return result


def find_tuned_model(data: Path, base_sha256: str) -> Path | None:
    """Return the folder of the tuned model if it is complete and was tuned from these weights, else None."""
    folder = data / "model"
    try:
        record = json.loads((folder / RECORD_FILE).read_text("utf-8"))
        complete = record["base"] == base_sha256 and record["files"] == _hashes(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if complete else None


def _hold_out(index: Index, phrasings: Sequence[Phrasing]) -> HoldOut:
    """Hold out whole voices: a person who asks is one more voice."""
    voices = sorted({p.voice for p in phrasings})
    mixed = len(voices) < HOLD_OUT_EVERY
    out = [n % HOLD_OUT_EVERY == 0 if mixed else p.voice in voices[::HOLD_OUT_EVERY] for n, p in enumerate(phrasings)]
    return HoldOut.of(index, out)


def _train(
    base: Embedder,
    index: Index,
    vectors: Vectors,
    rows: list[int],
    policy: TuningPolicy,
    progress: Callable[[int], None],
) -> "SentenceTransformer":
    """A copy of the base model, trained on these rows of the index; `vectors` are the base model's."""
    tuned = load_sentence_transformer(base.folder)
    import torch

    texts, targets = [index.library.documents[row].text for row in rows], torch.from_numpy(_targets(index, rows))
    head = torch.nn.Linear(vectors.shape[1], targets.shape[1])
    means = torch.nn.functional.normalize(targets.T @ torch.from_numpy(vectors[rows]))
    head.load_state_dict({"weight": means, "bias": torch.zeros(len(means))})  # no random start
    optimiser, schedule = _optimiser(tuned, head, policy.rate, policy.epochs * -(-len(rows) // TRAINING_BATCH))
    done = 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        tuned.train()
        for batch in _batches(texts, policy.epochs):
            words = tuned.tokenizer([texts[n] for n in batch], padding=True, truncation=True, return_tensors="pt")
            scores = SHARPNESS * head(tuned(dict(words))["sentence_embedding"])
            torch.autograd.backward(torch.nn.functional.cross_entropy(scores, targets[batch]))
            torch.nn.utils.clip_grad_norm_(tuned.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            progress(done := done + len(batch))
    tuned.eval()
    return tuned


def _targets(index: Index, rows: list[int]) -> NDArray[np.float32]:
    """Shape (rows, labels): the labels of each row, with equal weights."""
    of_rows = [index.library.documents[row].labels for row in rows]
    labels = sorted({label for own in of_rows for label in own})
    return np.array([[(label in own) / len(own) for label in labels] for own in of_rows], np.float32)


def _optimiser(
    model: "SentenceTransformer", head: "torch.nn.Linear", rate: float, steps: int
) -> tuple["torch.optim.Optimizer", "torch.optim.lr_scheduler.LRScheduler"]:
    """AdamW over the upper half of the layers and the head; the rates rise, then fall to zero after `steps`."""
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


def _batches(texts: Sequence[str], epochs: int) -> Iterator[list[int]]:
    """Text numbers of every batch of all epochs; texts of similar length share a batch, to save padding."""
    random = np.random.default_rng(SEED)
    lengths = np.array([len(text) // 8 for text in texts])
    for _ in range(epochs):
        order = random.permutation(len(texts))
        order = order[np.argsort(lengths[order], kind="stable")]
        for start in random.permutation(np.arange(0, len(texts), TRAINING_BATCH)):
            yield order[start : start + TRAINING_BATCH].tolist()


def _save(tuned: "SentenceTransformer", new: Path, folder: Path, record: dict[str, Any]) -> None:
    """Write the model into the empty folder `new`, then replace `folder` with it."""
    from safetensors import SafetensorError

    try:
        tuned.save_pretrained(str(new), create_model_card=False)
    except SafetensorError as error:  # not an OSError, even when the disk is full
        raise OSError(errno.EIO, f"the tuned model cannot be written ({error})", str(new)) from error
    (new / RECORD_FILE).write_text(json.dumps(record | {"files": _hashes(new)}, indent=1), "utf-8")
    if folder.exists():
        folder.rename(new.parent / "old")
    new.rename(folder)


def _hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in the folder except the record, by path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != RECORD_FILE)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
