"""The index on disk: current, stale, truncated or foreign; what is embedded again; a disk that cannot be written."""

import os
import shutil
from pathlib import Path

import faiss
import numpy as np
import pytest

from bot.errors import CorpusError, ModelError
from bot.guidance.embedding import Embedder
from bot.guidance.index import IndexFolder, make_faiss_index
from bot.guidance.phrasings import MIN_WORDINGS
from bot.guidance.vector_store import VectorStore

ARTICLE = "# T\n\n## Tea\n\n- Warms you\n- Costs little\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A corpus of two statements."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "tea.md").write_text(ARTICLE)
    lines = "".join(
        f"    {statement}:\n" + "".join(f"      - {word} {n}\n" for n in range(MIN_WORDINGS))
        for statement, word in (("Warms you", "warm"), ("Costs little", "cheap"))
    )
    negatives = "unanswered:\n  off_topic: [weather, football]\nsmall_talk:\n  greeting: [hi]\n"
    (folder / "a.phrasings.yaml").write_text(f"article: tea.md\nvoice: a\nasked:\n  Tea:\n{lines}{negatives}")
    return folder


@pytest.fixture
def folder(small: Path, tmp_path: Path, embedder: Embedder) -> IndexFolder:
    folder = IndexFolder(small, tmp_path / "data", embedder)
    folder.save(folder.build())
    return folder


def again(folder: IndexFolder) -> IndexFolder:
    return IndexFolder(folder.corpus, folder.data, folder.embedder)


def test_what_is_loaded_is_what_was_built(folder: IndexFolder) -> None:
    built, loaded = folder.build(), again(folder).load()
    assert loaded is not None
    assert loaded.library.documents == built.library.documents
    vector = folder.embedder.embed(["is it dear"])
    assert loaded.nearest(vector[0], 3) == built.nearest(vector[0], 3)
    difference = loaded.ranker.scores(["is it dear"], vector) - built.ranker.scores(["is it dear"], vector)
    assert abs(difference).max() < 1e-5


@pytest.mark.parametrize("name", ["tea.md", "a.phrasings.yaml"])
def test_a_changed_file_makes_it_stale(folder: IndexFolder, name: str) -> None:
    path = folder.corpus / name
    path.write_text(path.read_text() + "\n")
    assert not again(folder).is_current()
    assert again(folder).load() is None


@pytest.mark.parametrize("name", ["texts.jsonl", "vectors.faiss", "ranker.npz"])
def test_a_truncated_file_is_not_trusted(folder: IndexFolder, name: str) -> None:
    path = folder.cache.folder / name
    path.write_bytes(path.read_bytes()[:-10])
    assert again(folder).load() is None


@pytest.mark.parametrize("manifest", ["", "{}", "[]", '{"identity": 1, "sizes": 2}'])
def test_a_foreign_manifest_is_not_trusted(folder: IndexFolder, manifest: str) -> None:
    (folder.cache.folder / "manifest.json").write_text(manifest)
    assert again(folder).load() is None
    rebuilt = again(folder)
    rebuilt.save(rebuilt.build())
    assert again(folder).is_current()


def test_only_new_texts_are_embedded_again(folder: IndexFolder) -> None:
    (folder.corpus / "more.md").write_text("## More\n\nTea grows on hills.\n")
    new = again(folder)
    store = VectorStore(folder.data, folder.embedder)
    assert store.prepare(new.texts()) == 1
    index = new.build(store)
    assert index.statements["more.tea-grows-on-hills"].text == "Tea grows on hills."


def test_an_older_index_is_removed(folder: IndexFolder) -> None:
    (folder.corpus / "tea.md").write_text(ARTICLE + "- Wakes you\n")
    (folder.corpus / "a.phrasings.yaml").unlink()
    new = again(folder)
    new.save(new.build())
    assert list((new.data / "index").iterdir()) == [new.cache.folder]


def test_what_a_killed_process_was_writing_is_removed_and_what_another_is_writing_stays(folder: IndexFolder) -> None:
    killed, written = (folder.cache.data / name for name in (".new-killed", ".new-written"))
    for one in (killed, written):
        one.mkdir()
    os.utime(killed, (0, 0))
    folder.save(folder.build())
    assert {*folder.cache.data.iterdir()} == {folder.cache.folder, written}


def test_a_broken_corpus_leaves_the_old_index(folder: IndexFolder) -> None:
    (folder.corpus / "tea.md").write_text("")
    with pytest.raises(CorpusError, match=r"tea\.md"):
        again(folder).build()
    assert (folder.cache.folder / "manifest.json").is_file()


def test_a_corpus_file_that_cannot_be_read_is_named(folder: IndexFolder) -> None:
    (folder.corpus / "b.phrasings.yaml").mkdir()
    with pytest.raises(CorpusError, match=r"b\.phrasings\.yaml: cannot be read"):
        again(folder).is_current()


def test_a_data_directory_that_cannot_be_written(small: Path, tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    folder = IndexFolder(small, tmp_path / "data", embedder)
    index = folder.build()  # the vectors are only remembered
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        folder.save(index)


def test_wrong_weights_are_refused(embedder: Embedder, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(embedder.folder, copy)
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\x01\x02\x03\x04")
    with pytest.raises(ModelError, match="not the published ones"):
        Embedder(copy, embedder.sha256).embed(["a"])
    with pytest.raises(ModelError, match="No weights"):
        _ = Embedder(tmp_path, embedder.sha256).sha256


def test_above_the_exact_size_a_graph_finds_nearly_the_same() -> None:
    rows = np.random.default_rng(5).normal(size=(1000, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    exact, graph = make_faiss_index(rows), make_faiss_index(rows, exact_up_to=len(rows) - 1)
    assert isinstance(exact, faiss.IndexFlatIP)
    assert isinstance(graph, faiss.IndexHNSWFlat)
    (_, ours), (_, theirs) = exact.search(rows, 8), graph.search(rows, 8)
    assert sum(len({*one} & {*other}) for one, other in zip(ours, theirs, strict=True)) >= 0.95 * ours.size
