"""The texts in prompts/: complete, documented, and all of them used."""

import re
from pathlib import Path

import pytest
import yaml

from bot import texts
from bot.answering.language import SPOKEN
from bot.deciding.framework import Approach, Side
from bot.deciding.recommendation import Doubt
from bot.errors import CorpusError
from bot.guidance.phrasings import SMALL_TALK_INTENTS, UNANSWERED_KINDS
from bot.handoff.consultants import PRESSES
from bot.handoff.request_forms import CONSENTS, URGENCIES
from bot.store.records import LeadState
from tests.conftest import ROOT

SENTENCES = frozenset(yaml.safe_load((ROOT / "prompts" / "sentences.yaml").read_text("utf-8")))


def test_every_kind_of_question_has_its_sentence() -> None:
    assert {*SMALL_TALK_INTENTS, *(kind.value for kind in UNANSWERED_KINDS)} <= SENTENCES


def test_every_sentence_is_used() -> None:
    files = [path for kind in ("py", "html", "md") for path in (ROOT / "bot").rglob(f"*.{kind}")]
    code = "\n".join(path.read_text("utf-8") for path in files)
    spoken = {*SMALL_TALK_INTENTS, *(kind.value for kind in UNANSWERED_KINDS)}
    spoken |= {f"{what}_{one.replace('-', '_')}" for what in ("verdict", "name", "turn") for one in Approach}
    spoken |= {f"{whose}_is_{state}" for whose in ("lead", "desk") for state in LeadState}
    spoken |= {f"contact_{name}" for name in ("urgency", "consent")}
    spoken |= {f"urgency_{name}" for name in URGENCIES} | {f"consent_{name}" for name in CONSENTS}
    spoken |= {f"do_pass_{name}" for name in CONSENTS} | {f"{what}_{n}" for what in ("hours",) for n in ("one", "many")}
    spoken |= {f"do_{name}" for name in PRESSES | {"note", "withdraw", "solved", "unsolved"}}
    spoken |= {f"doubt_{one}" for one in Doubt} | {"likely_since", "tentative_since"}
    spoken |= {f"speaks_{side.replace('-', '_')}" for side in (Side.RAG, Side.FINE_TUNING)}
    spoken |= {f"side_{side.replace('-', '_')}" for side in Side}
    spoken |= {f"english_only_{language}" for language in SPOKEN}
    quoted = set(re.findall(r'"([a-z_]+)"', code))
    for start in (*(part for part in quoted if part.endswith("_")), "insights_tile_"):  # the rest is quoted elsewhere
        ends = {name: name.removeprefix(start).removesuffix("_of") for name in SENTENCES if name.startswith(start)}
        spoken |= {name for name, end in ends.items() if end in quoted}
    assert {name for name in SENTENCES if name not in spoken and not re.search(rf'"{name}"', code)} == set()


def test_the_prompts_take_what_they_document() -> None:
    assert set(texts.prompt("answer").input_variables) == {"statements", "conversation", "question"}
    assert set(texts.prompt("facts").input_variables) == {"questions", "case"}


def test_an_undocumented_variable_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("variables: {a: what}\nsystem: '{a} {b}'\nuser: x\n")
    with pytest.raises(CorpusError, match=r"bad\.yaml, line 1: documents the variables"):
        texts.prompt("bad", tmp_path)
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(CorpusError, match=r"broken\.yaml: cannot be read"):
        texts.prompt("broken", tmp_path)
