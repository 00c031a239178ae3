"""Exported embedding models: kept, checked, prepared once, and the same as with sentence-transformers."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel, PreTrainedTokenizerFast

from bot.errors import ModelError
from bot.guidance.embedding import Embedder
from bot.guidance.model_cache import FILES, ModelCache

WORDS = [
    "a",
    "team",
    "asks",
    "which",
    "model",
    "reads",
    "our",
    "documents",
    "and",
    "what",
    "it",
    "costs",
    "per",
    "month",
    "Größe",
]
TEXTS = ["", "a team", "Which MODEL reads our documents", "what it costs " * 40, "Größe? 成本", *WORDS]


def write_model(folder: Path, *, pooling: str = "mean", kind: str = "bert", lower: bool = False) -> SentenceTransformer:
    """A small random sentence-transformers model."""
    words = Tokenizer(models.WordLevel({w: n for n, w in enumerate(["[PAD]", "[UNK]", "[CLS]", *WORDS])}, "[UNK]"))
    words.normalizer = normalizers.NFC()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 2)])
    size, parts = 3 + len(WORDS), folder.with_name("parts")
    if kind == "bert":
        names = ["input_ids", "token_type_ids", "attention_mask"]
        small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
        BertModel(BertConfig(vocab_size=size, **small)).save_pretrained(parts)
    else:
        names = ["input_ids", "attention_mask"]
        DistilBertModel(
            DistilBertConfig(vocab_size=size, dim=16, n_layers=2, n_heads=2, hidden_dim=32)
        ).save_pretrained(parts)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", model_input_names=names
    )
    fast.save_pretrained(parts)
    transformer = Transformer(str(parts), max_seq_length=24, do_lower_case=lower)
    layers = [transformer, Pooling(16, pooling_mode=pooling), Dense(16, 8), Normalize()]
    model = SentenceTransformer(modules=layers, device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)
    return SentenceTransformer(str(folder), device="cpu")


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    return ModelCache(tmp_path / "data")


def same(model: SentenceTransformer, embedder: Embedder, texts: list[str]) -> bool:
    return np.allclose(embedder.embed(texts), model.encode(texts, normalize_embeddings=True), atol=1e-5)


def test_the_packaged_model_gives_the_vectors_of_sentence_transformers(embedder: Embedder) -> None:
    texts = [*TEXTS, "RAG or fine-tuning? " * 30, "\n", "🙂", "x" * 2_000]
    assert same(SentenceTransformer(str(embedder.folder), device="cpu"), embedder, texts)


@pytest.mark.parametrize(
    ("pooling", "kind", "lower"), [("cls", "bert", True), ("max", "distilbert", False), ("mean", "distilbert", True)]
)
def test_a_model_of_ones_own_gives_its_vectors(
    tmp_path: Path, cache: ModelCache, pooling: str, kind: str, *, lower: bool
) -> None:
    model = write_model(tmp_path / "model", pooling=pooling, kind=kind, lower=lower)
    embedder = Embedder(tmp_path / "model", cache=cache)
    assert embedder.dimensions == 8
    assert same(model, embedder, TEXTS)


def test_a_text_has_the_same_vector_in_any_company(embedder: Embedder) -> None:
    texts = [f"question {n} " * (1 + n % 40) for n in range(300)] * 2
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts[:40]])
    assert np.allclose(together[:40], alone, atol=1e-6)
    assert np.array_equal(together[:300], together[300:])


def test_it_is_exported_once(tmp_path: Path, cache: ModelCache) -> None:
    write_model(tmp_path / "model")
    embedders = [Embedder(tmp_path / "model", cache=cache) for _ in range(2)]
    embedders[0].embed(TEXTS)
    place = cache.find(embedders[0].folder, embedders[0].sha256)
    assert place is not None
    exported = place.stat().st_ino
    embedders[1].embed(TEXTS)
    assert place.stat().st_ino == exported


def test_a_broken_export_is_replaced(tmp_path: Path, cache: ModelCache) -> None:
    write_model(tmp_path / "model")
    embedder = Embedder(tmp_path / "model", cache=cache)
    vectors, place = embedder.embed(TEXTS), cache.find(embedder.folder, embedder.sha256)
    assert place is not None
    for name in FILES:
        content = (place / name).read_bytes()
        (place / name).write_bytes(content[: len(content) // 2])
        assert cache.find(embedder.folder, embedder.sha256) is None
        (place / name).write_bytes(content if name != FILES[0] else content[::-1])
    assert np.array_equal(Embedder(tmp_path / "model", cache=cache).embed(TEXTS), vectors)
    assert cache.find(embedder.folder, embedder.sha256) == place


def test_another_pooling_over_the_same_weights_is_another_model(tmp_path: Path, cache: ModelCache) -> None:
    write_model(tmp_path / "model", pooling="cls")
    first = Embedder(tmp_path / "model", cache=cache)
    first.embed(TEXTS)
    configuration = next((tmp_path / "model").glob("1_*/config.json"))
    configuration.write_text(json.dumps(json.loads(configuration.read_text()) | {"pooling_mode": "max"}))
    second = Embedder(tmp_path / "model", cache=cache)
    assert not np.allclose(second.embed(TEXTS), first.embed(TEXTS), atol=1e-3)


def test_processes_that_start_together_export_once(tmp_path: Path, cache: ModelCache) -> None:
    write_model(tmp_path / "model")
    embedders = [Embedder(tmp_path / "model", cache=ModelCache(tmp_path / "data")) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda embedder: embedder.embed(TEXTS), embedders)
    assert np.array_equal(one, two)
    assert [each.name for each in (tmp_path / "data" / "models").glob("[!.]*")] == [
        cache.find(embedders[0].folder, embedders[0].sha256).name  # type: ignore[union-attr]
    ]


def test_a_folder_that_cannot_be_written_keeps_nobody_from_asking(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_model(tmp_path / "model")
    (tmp_path / "file").touch()
    embedder = Embedder(tmp_path / "model", cache=ModelCache(tmp_path / "file"))
    assert embedder.embed(TEXTS).shape == (len(TEXTS), 8)
    assert "cannot be kept in DATA_DIR" in caplog.text


def test_a_prebuilt_export_is_used_where_nothing_is_kept(tmp_path: Path, cache: ModelCache) -> None:
    write_model(tmp_path / "model")
    embedder = Embedder(tmp_path / "model", cache=cache)
    embedder.embed(TEXTS)
    later = ModelCache(tmp_path / "empty", prebuilt=tmp_path / "data")
    assert np.array_equal(Embedder(tmp_path / "model", cache=later).embed(TEXTS), embedder.embed(TEXTS))
    assert not (tmp_path / "empty").exists()


def test_a_model_that_cannot_be_exported_is_refused_by_a_sentence(tmp_path: Path, embedder: Embedder) -> None:
    copy = Path(shutil.copytree(embedder.folder, tmp_path / "copy"))
    (copy / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="set EMBEDDING_MODEL"):
        Embedder(copy, cache=ModelCache(tmp_path / "data")).embed(["a"])
