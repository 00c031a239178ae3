"""Train the reader of use cases on the voices in the corpus: the ranker on all they say, then the judge.

The judge is trained on use cases whose voices the ranker has not seen, as it will judge those of strangers.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bot.cases.candidates import Candidate, CandidateFinder
from bot.cases.reading import CaseReader, Embed, Judge
from bot.cases.sayings import IRRELEVANT, OUT_OF_SCOPE, LabelledCase, Voice
from bot.cases.spans import Span, find_spans
from bot.deciding.framework import Framework
from bot.guidance.ranking import Ranker
from bot.threads import count_compute_threads

JUDGE_STRIDE = 2  # one case of so many is enough for the judge
FOLDS = 3  # of the voices with cases, for the scores that the judge learns from


def learn(framework: Framework, voices: Sequence[Voice], embed: Embed) -> CaseReader:
    """Train the ranker on all voices, and the judge on cases of voices left out in turn.

    Raises ValueError if fewer than two voices have cases.
    """
    with_cases = [voice.name for voice in voices if voice.cases]
    if len(with_cases) < 2:
        raise ValueError("two voices with cases are needed, so that one can be judged by what the other taught")
    folds = [with_cases[start::FOLDS] for start in range(FOLDS)]
    groups = [[voice for voice in voices if voice.name not in fold] for fold in folds]
    with ThreadPoolExecutor(count_compute_threads(), "learning") as pool:
        *rankers, ranker = pool.map(lambda seen: _ranker(seen, embed), [*groups, voices])
    features, stated = list[tuple[float, ...]](), list[bool]()
    for fold, seen in zip(folds, rankers, strict=True):
        finder = CandidateFinder(framework, seen.labels)
        for case in (case for voice in voices if voice.name in fold for case in judge_cases(voice)):
            spans = find_spans(case.text)
            words = [case.text[span.start : span.end] for span in spans]
            found = finder.of(case.text, spans, seen.scores(words, embed(words)))
            features.extend(candidate.features for candidate in found)
            stated.extend(_states(case, candidate) for candidate in found)
    return CaseReader(framework, ranker, Judge.learn(features, stated))


def training_texts(voices: Sequence[Voice]) -> dict[str, list[str]]:
    """The ranker's texts and their labels: wordings, marked stretches of cases, and clauses that state nothing."""
    found = dict[str, set[str]]()
    for voice in voices:
        for saying in voice.sayings:
            found.setdefault(saying.text, set()).add(saying.states)
        for case in voice.cases:
            for mark in case.marks:
                found.setdefault(case.text[mark.start : mark.end], set()).add(mark.states)
            for span in _irrelevant(case):
                found.setdefault(case.text[span.start : span.end], set()).add(IRRELEVANT)
    return {text: sorted(states) for text, states in found.items()}


def judge_cases(voice: Voice) -> tuple[LabelledCase, ...]:
    """The cases of a voice that train the judge."""
    return voice.cases[::JUDGE_STRIDE]


def texts_to_embed(voices: Sequence[Voice]) -> list[str]:
    """Every text whose vector is needed for training; those of `training_texts` come first."""
    of_cases = [
        case.text[span.start : span.end]
        for voice in voices
        for case in judge_cases(voice)
        for span in find_spans(case.text)
    ]
    return list(dict.fromkeys([*training_texts(voices), *of_cases]))


def _ranker(voices: Sequence[Voice], embed: Embed) -> Ranker[str]:
    texts = training_texts(voices)
    return Ranker.learn(list(texts), embed(list(texts)), list(texts.values()))


def _irrelevant(case: LabelledCase) -> list[Span]:
    """The smallest spans that touch no mark."""
    found = [s for s in find_spans(case.text) if not any(m.start < s.end and s.start < m.end for m in case.marks)]
    return [s for s in found if not any(s != o and s.start <= o.start and o.end <= s.end for o in found)]


def _states(case: LabelledCase, candidate: Candidate) -> bool:
    if candidate.question == OUT_OF_SCOPE:
        return any(mark.states.startswith(f"{OUT_OF_SCOPE}.") for mark in case.marks)
    return any(mark.states == candidate.states for mark in case.marks)
