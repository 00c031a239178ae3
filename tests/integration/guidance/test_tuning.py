"""Tuning: a better model is kept whole, a worse one leaves no trace, and what was damaged is not used."""

import json
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bot.errors import CorpusError
from bot.guidance.embedding import Embedder
from bot.guidance.tuning import RECORD_FILE, TuningPolicy, TuningResult, find_tuned_model, tune
from bot.guidance.vector_store import ignore_progress

ASKED = {  # by statement, one line a voice: what is asked of a thing, in that voice's words
    "Price": ["what does {} cost", "is {} expensive", "too dear for us, {}"],
    "Weight": ["how heavy is {}", "does {} weigh much", "can one person lift {}"],
    "Age": ["how old is {}", "when was {} made", "which year is {} from"],
    "Noise": ["how loud is {}", "does {} make a racket", "will {} wake the neighbours"],
    "Colour": ["what colour is {}", "is {} red or blue", "the shade of {}"],
    "Speed": ["how fast is {}", "is {} quick", "top pace of {}"],
}
UNANSWERED = ["who sells {}", "where do I find {}", "which shop has {}"]
THINGS = [
    ["the bicycle", "a piano", "this kettle", "the drum", "a lorry", "the clock", "her kite", "the tent"],
    ["the violin", "a tractor", "this mixer", "the sofa", "a canoe", "the lamp", "his drill", "the cart"],
    ["the engine", "a trumpet", "this fridge", "the desk", "a yacht", "the phone", "our mower", "the sled"],
]
Progress = list[tuple[int, int]]


def write(corpus: Path) -> Path:
    """Six statements, each in a section of its own, asked for by three voices, each of other things."""
    corpus.mkdir()
    (corpus / "things.md").write_text("# Things\n" + "".join(f"\n## {s}\n\n- {s} matters\n" for s in ASKED))
    for voice, things in enumerate(THINGS):
        lines = ["article: things.md", f"voice: voice {voice}", "asked:"]
        for statement, wordings in ASKED.items():
            lines += [f"  {statement}:", f"    {statement} matters:"]
            lines += [f"      - '{wordings[voice].format(thing)}'" for thing in things]
        lines += ["unanswered:", "  near_topic:", *(f"    - {UNANSWERED[voice].format(thing)}" for thing in things)]
        (corpus / f"{voice}.phrasings.yaml").write_text("\n".join(lines))
    return corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("tuning") / "corpus")


@pytest.fixture(scope="module")
def tuned(corpus: Path, embedder: Embedder) -> tuple[Path, TuningResult, Progress]:
    """The data directory after a tuning that helped, its outcome and its progress."""
    seen: Progress = []
    data = corpus.parent / "data"
    outcome = tune(corpus, data, embedder, lambda done, total: seen.append((done, total)), TuningPolicy(rate=5e-4))
    return data, outcome, seen


@pytest.fixture
def data(tuned: tuple[Path, TuningResult, Progress], tmp_path: Path) -> Path:
    """A copy of that data directory, to be damaged."""
    return shutil.copytree(tuned[0], tmp_path / "data")


@pytest.fixture
def small_files_only() -> Iterator[None]:
    """What a full disk is to a writer: an error in the middle of a large file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def tune_nothing(corpus: Path, data: Path, embedder: Embedder) -> TuningResult:
    """Learn in no epoch, and keep the model for being no worse."""
    return tune(corpus, data, embedder, ignore_progress, TuningPolicy(epochs=0, min_gain=-1.0))


def test_a_better_model_is_kept_and_loads(tuned: tuple[Path, TuningResult, Progress], embedder: Embedder) -> None:
    data, outcome, _ = tuned
    assert outcome.improved
    assert outcome.after.quality > outcome.before.quality
    folder = find_tuned_model(data, embedder.sha256)
    assert folder is not None
    kept = Embedder(folder)
    assert kept.sha256 != embedder.sha256
    vectors = kept.embed(["how heavy is the drum", "what does the tent cost"])
    assert vectors.shape == (2, embedder.dimensions)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert {path.name for path in data.iterdir()} == {"model", "vectors"}


def test_progress_only_rises_and_reaches_its_total(tuned: tuple[Path, TuningResult, Progress]) -> None:
    done, totals = zip(*tuned[2], strict=True)
    assert list(done) == sorted(done)
    assert {done[-1]} == set(totals)


def test_a_worse_model_leaves_the_kept_one_and_the_base_alone(corpus: Path, data: Path, embedder: Embedder) -> None:
    record = (data / "model" / RECORD_FILE).read_text()
    before = embedder.embed(["how heavy is the drum"])
    seen: Progress = []
    outcome = tune(corpus, data, embedder, lambda done, total: seen.append((done, total)), TuningPolicy(rate=1.0))
    assert not outcome.improved
    assert outcome.after.quality < outcome.before.quality
    assert seen[-1][0] == seen[-1][1]
    assert (data / "model" / RECORD_FILE).read_text() == record
    assert {path.name for path in data.iterdir()} == {"model", "vectors"}
    assert np.array_equal(embedder.embed(["how heavy is the drum"]), before)


def test_a_model_that_is_foreign_or_absent_is_not_used(data: Path, tmp_path: Path, embedder: Embedder) -> None:
    assert find_tuned_model(data, "0" * 64) is None
    assert find_tuned_model(tmp_path / "nothing", embedder.sha256) is None


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", RECORD_FILE])
def test_a_model_with_a_truncated_file_is_not_used(data: Path, embedder: Embedder, name: str) -> None:
    path = data / "model" / name
    path.write_bytes(path.read_bytes()[:-1])
    assert find_tuned_model(data, embedder.sha256) is None


@pytest.mark.parametrize("record", ["[]", "{}", json.dumps({"base": None, "files": {}})])
def test_a_record_of_another_form_is_not_used(data: Path, embedder: Embedder, record: str) -> None:
    (data / "model" / RECORD_FILE).write_text(record)
    assert find_tuned_model(data, embedder.sha256) is None


def test_a_new_model_takes_the_place_of_the_old_one(corpus: Path, data: Path, embedder: Embedder) -> None:
    old = Embedder(data / "model").sha256
    assert tune_nothing(corpus, data, embedder).improved
    folder = find_tuned_model(data, embedder.sha256)
    assert folder is not None
    assert Embedder(folder).sha256 != old
    assert {path.name for path in data.iterdir()} == {"model", "vectors"}


@pytest.mark.usefixtures("small_files_only")
def test_a_full_disk_is_told_and_leaves_nothing(corpus: Path, tmp_path: Path, embedder: Embedder) -> None:
    with pytest.raises(OSError, match="cannot be written"):
        tune_nothing(corpus, tmp_path / "data", embedder)
    assert not (tmp_path / "data" / "model").exists()


def test_a_data_directory_that_cannot_be_is_told_at_once(corpus: Path, tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        tune(corpus, tmp_path / "file", embedder, ignore_progress)


def test_without_phrasings_there_is_nothing_to_learn(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.md").write_text("# A\n\n- One statement\n")
    with pytest.raises(CorpusError, match="no phrasings"):
        tune(tmp_path / "corpus", tmp_path / "data", embedder, ignore_progress)


def test_in_one_voice_single_wordings_are_held_out(corpus: Path, tmp_path: Path, embedder: Embedder) -> None:
    shutil.copytree(corpus, tmp_path / "corpus")
    for path in (tmp_path / "corpus").glob("*.yaml"):
        path.write_text(path.read_text().replace(f"voice: voice {path.name[0]}", "voice: one"))
    assert tune_nothing(tmp_path / "corpus", tmp_path / "data", embedder).before.hit_1 > 0
