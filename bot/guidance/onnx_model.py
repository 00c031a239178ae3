"""An exported embedding model: its tokenizer and its graph, run by ONNX Runtime."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.threads import count_compute_threads

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Vectors = NDArray[np.float32]
Tokens = NDArray[np.int64]

GRAPH_FILE, WEIGHTS_FILE, TOKENIZER_FILE, TRAITS_FILE = "model.onnx", "weights.bin", "tokenizer.json", "traits.json"
MAX_BATCH_TOKENS = 1_024  # padding included; larger batches take more memory and no less time
MAX_TOKENIZED = 4_096  # texts that are tokenized together
NO_OPTIMIZATION = "ORT_DISABLE_ALL"  # the graph was optimized when it was exported


@dataclass(frozen=True)
class ModelTraits:
    """What a model needs to know beside its graph: the text before each text, its longest input, its vectors' size."""

    prompt: str
    max_tokens: int
    dimensions: int


class OnnxModel:
    """Turns texts into unit vectors."""

    def __init__(self, folder: Path) -> None:
        """Load the files that `bot.guidance.export` wrote into `folder`."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # a question is too short for it
        from tokenizers import Tokenizer

        self.traits = ModelTraits(**json.loads((folder / TRAITS_FILE).read_text("utf-8")))
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        padding = self._tokenizer.padding or {}
        self._pad_id, self._pad_type = padding.get("pad_id", 0), padding.get("pad_type_id", 0)
        self._pads_left = padding.get("direction") == "left"
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.traits.max_tokens)
        self._session = _open_session(folder / GRAPH_FILE)
        self._inputs = [each.name for each in self._session.get_inputs()]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions). Equal texts are embedded once."""
        unique = sorted(set(texts), key=len)
        rows = {text: row for row, text in enumerate(unique)}
        vectors = np.empty((len(unique), self.traits.dimensions), np.float32)
        for start in range(0, len(unique), MAX_TOKENIZED):
            few = unique[start : start + MAX_TOKENIZED]
            vectors[start : start + len(few)] = self._embed_unique(few)
        return vectors[[rows[text] for text in texts]]

    def _embed_unique(self, texts: Sequence[str]) -> Vectors:
        tokens = self._tokenize(texts)
        batches = [*_batches([row.shape[1] for row in tokens])]
        threads = min(count_compute_threads(), len(batches))
        if threads > 1:
            with ThreadPoolExecutor(threads, "embedding") as pool:  # beats threads inside of one batch by a fifth
                results = [*pool.map(lambda batch: self._run([tokens[n] for n in batch]), batches)]
        else:
            results = [self._run([tokens[n] for n in batch]) for batch in batches]
        vectors = np.empty((len(texts), self.traits.dimensions), np.float32)
        for batch, result in zip(batches, results, strict=True):
            vectors[batch] = result
        return vectors

    def _tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens' ids and types, shape (2, tokens) for each text."""
        encodings = self._tokenizer.encode_batch_fast([self.traits.prompt + text for text in texts])
        return [np.array([each.ids, each.type_ids], np.int64) for each in encodings]

    def _run(self, batch: Sequence[Tokens]) -> Vectors:
        shape = len(batch), max(tokens.shape[1] for tokens in batch)
        ids, types = np.full(shape, self._pad_id, np.int64), np.full(shape, self._pad_type, np.int64)
        mask = np.zeros(shape, np.int64)
        for row, tokens in enumerate(batch):
            count = tokens.shape[1]
            place = slice(shape[1] - count, None) if self._pads_left else slice(count)
            ids[row, place], types[row, place], mask[row, place] = tokens[0], tokens[1], 1
        values = {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}
        vectors: Vectors = self._session.run(None, {name: values[name] for name in self._inputs})[0]
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return vectors


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of texts of similar length that fit into one batch."""
    batch = list[int]()
    for number in np.argsort(lengths, kind="stable").tolist():
        if batch and (len(batch) + 1) * lengths[number] > MAX_BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _open_session(graph: Path) -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, NO_OPTIMIZATION)
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # it keeps a plan for each shape, of which there are thousands
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
