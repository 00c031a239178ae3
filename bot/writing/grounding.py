"""Grounding: check that a language model's sentence is supported by the statements it cites, without any such model.

A sentence passes if every word that claims something is in its sources, in the same or equivalent words, with the same
sign and about the same technique, and if no other statement is clearly nearer to it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.guidance.article import Statement
from bot.guidance.embedding import Embedder, Vectors
from bot.guidance.techniques import Technique, techniques_in
from bot.writing.meaning import Word, parse_words
from bot.writing.vocabulary import Sense, root

MIN_COSINE = 0.45  # cosine to the nearest cited statement below which a sentence is about something else
MAX_NEARER = 0.2  # by how much another statement may be nearer than those cited
CASE_SLACK = 0.15  # how much farther from its source a sentence may be that takes up the user's words
MIN_WORD_COSINE, MIN_NAME_COSINE = 0.35, 0.5  # cosine from which two words mean about the same
MIN_ODD_WORD_COSINE, MIN_CLOSE_COSINE = 0.2, 0.7  # a single odd word passes in a sentence so close to its source
OPPOSING = frozenset({"while", "whereas", "but", "although", "though"})
UNKNOWN_WORD = "strange"  # of a word: in no list, so that its embedding has to tell
LINK = re.compile(r"https?:|www\.|\w@\w|\b[\w-]+\.(?:com|org|io|net|ai|dev|edu|gov)\b", re.IGNORECASE)
OPENING_PHRASE = re.compile(r"[^,:;.—–]*[,:;.—–]\s*(?=\w)")
QUOTATION = re.compile(r"[\"“”„«»]([^\"“”„«»]*)[\"“”„«»]?")

Techniques = frozenset[Technique]
BOTH = frozenset(Technique)


class Grounding:
    """Checks sentences against the statements of an index."""

    def __init__(self, statements: Sequence[Statement], embedder: Embedder) -> None:
        self._embedder = embedder
        self._row = {statement.anchor: row for row, statement in enumerate(statements)}
        self._vectors = embedder.embed([_in_context(statement) for statement in statements])
        words = sorted({word.text for statement in statements for word in parse_words(statement.text) if word.content})
        self._word_vectors: dict[str, Vectors] = dict(zip(words, embedder.embed(words), strict=True))
        self._source_text = " | ".join(_plain(text) for s in statements for text in (s.text, s.section))

    def fault(self, sentence: str, cited: Sequence[Statement | None], question: str) -> str | None:
        """The reason why a sentence must not be shown, a short phrase for logs and metrics; None if it is supported.

        None in `cited` stands for a statement that does not exist. What `question` says of the user's case may be
        repeated ("With 200 tickets, ..."), but supports no claim about the guidance.
        """
        known = [statement for statement in cited if statement is not None and statement.anchor in self._row]
        if not known or len(known) < len(cited):
            return "no citation"
        if _plain(sentence) in {_plain(statement.text) for statement in known}:
            return None
        quotes = QUOTATION.findall(sentence)
        if LINK.search(sentence) or any(_plain(quote) not in self._source_text for quote in quotes):
            return "source"
        if sentence.rstrip().endswith("?"):
            return "words"
        words, asked = parse_words(_claim(sentence)), ConceptMap(parse_words(question))
        if not _says_something(words, known):
            return "words"
        parts = _parts(words, known)
        faults = (_claim_fault(part, asked) for part in parts)
        return next(filter(None, faults), None) or self._meaning_fault(sentence, parts, known, asked)

    def _meaning_fault(
        self, sentence: str, parts: "Sequence[Claim]", cited: Sequence[Statement], asked: "ConceptMap"
    ) -> str | None:
        """Judge by embeddings: do words that are in no list fit, and is the sentence about its source?"""
        words = [(word, part) for part in parts for word in part.words]
        unknown = [(word, part.support) for word, part in words if part.judge(word, asked) == UNKNOWN_WORD]
        vectors = self._embedder.embed([sentence, *(word.text for word, _ in unknown)])
        cosines = self._vectors @ vectors[0]
        best = float(np.max(cosines[[self._row[statement.anchor] for statement in cited]]))
        likeness = [self._likeness(vector, support) for vector, (_, support) in zip(vectors[1:], unknown, strict=True)]
        first_words = (like for (word, _), like in zip(unknown, likeness, strict=True) if word.position == 0)
        if any(like < MIN_NAME_COSINE for like in first_words):
            return "source"  # it may be a name: its capital says nothing at the beginning
        odd = [like for like in likeness if like < MIN_WORD_COSINE]
        if odd and not (len(odd) == 1 and odd[0] >= MIN_ODD_WORD_COSINE and best >= MIN_CLOSE_COSINE):
            return "words"
        slack = CASE_SLACK if any(part.takes_up(word, asked) for word, part in words) else 0.0
        return "citation" if best < max(MIN_COSINE, float(np.max(cosines)) - MAX_NEARER) - slack else None

    def _likeness(self, vector: Vectors, support: "ConceptMap") -> float:
        """The cosine of a word to the nearest of the statements' words."""
        texts = {word.text for word in support.words if word.content} & self._word_vectors.keys()
        return max((float(vector @ self._word_vectors[text]) for text in texts), default=0.0)


class ConceptMap:
    """The concepts of texts on some techniques, each with the signs it occurs with."""

    def __init__(self, words: Sequence[Word], headings: Sequence[Word] = (), techniques: Techniques = BOTH) -> None:
        self.words = words
        self.techniques = techniques
        self.topics: set[str] = set()
        self.signs: Mapping[str, set[int]] = defaultdict(set)
        for word in words:
            for name, sign in word.concepts:
                self.signs[name].add(sign)
        for word in headings:
            for name, _ in word.concepts:
                self.topics.add(name)

    def says(self, word: Word) -> bool:
        """Return True if the concept occurs."""
        return any(self._has(sense) for sense in word.senses)

    def agrees(self, word: Word) -> bool:
        """Return True if it occurs and, for a word that has an opposite, with the same sign."""
        return any(
            self._has(sense)
            and (not word.polar or all(sign * word.sign in self.signs.get(name, {1, -1}) for name, sign in sense))
            for sense in word.senses
        )

    def _has(self, sense: Sense) -> bool:
        return all(name in self.signs or name in self.topics for name, _ in sense)

    def denies(self, word: Word) -> bool:
        """Return True if it occurs with the word's sign under its negations."""
        return any(sign in self.signs.get(name, ()) for name, sign in word.concepts)


@dataclass(frozen=True)
class Claim:
    """The words of a sentence that are about the same techniques (none: about neither in particular).

    `source_roots` are the roots of all words of all cited statements.
    """

    techniques: Techniques
    words: tuple[Word, ...]
    support: ConceptMap
    source_roots: frozenset[str]

    def takes_up(self, word: Word, asked: ConceptMap) -> bool:
        """Return True if only the user's question supports a word, and it is said of the user's case."""
        of_the_case = word.conditional or (word.quantity and not word.beside_name)
        return of_the_case and word.content and not self.support.says(word) and asked.agrees(word)

    def judge(self, word: Word, asked: ConceptMap) -> str | None:
        """None if a word is supported, UNKNOWN_WORD if only its embedding can tell, else what is wrong with it."""
        if not word.content or self.support.agrees(word):
            return None
        if self.support.says(word):
            return "negation"
        if word.technique in self.techniques or self.takes_up(word, asked):
            return None
        if word.quantity:
            return "number"
        if word.capital or word.listed("sources"):
            return "source"
        if word.listed("certainties"):
            return "certainty"
        if root(word.text) in self.source_roots:
            return "direction"  # the statements say it of the other technique
        return "words" if word.only_polar else UNKNOWN_WORD


def _says_something(words: Sequence[Word], cited: Sequence[Statement]) -> bool:
    support = ConceptMap([word for statement in cited for word in parse_words(statement.text)])
    return any((word.content or word.polar) and support.says(word) for word in words)


def _claim_fault(part: Claim, asked: ConceptMap) -> str | None:
    if any(technique not in part.support.techniques for technique in part.techniques):
        return "direction"
    judged = (part.judge(word, asked) for word in part.words)
    return next((fault for fault in judged if fault not in (None, UNKNOWN_WORD)), None) or _negation_fault(part, asked)


def _negation_fault(part: Claim, asked: ConceptMap) -> str | None:
    """Find a negation that the statements do not have, or one of theirs that is missing."""
    support = part.support
    for negator in (word for word in part.words if word.negates):
        scope = [w for w in part.words if negator.position in w.negators]
        denied = any((w.content or w.polar) and support.denies(w) for w in scope)
        replaced = negator.contrasted and not any(w.content for w in scope)  # "RAG instead of fine-tuning"
        if not (denied or replaced or (negator.conditional and any(w.content and asked.denies(w) for w in scope))):
            return "negation"
    for negator in (word for word in support.words if word.negates):
        scope = [w for w in support.words if negator.position in w.negators and w.content]
        denied_names = {name for w in scope for name, sign in w.concepts if support.signs[name] == {-1}}
        said = {concept for w in part.words if w.content for concept in w.concepts if concept[0] in denied_names}
        if said and all(sign == 1 for _, sign in said):
            return "negation"
    return None


def _directed(statement: Statement) -> Iterator[tuple[Word, Techniques]]:
    """The words of a statement, each with the techniques it is said of: in a statement on both, the one named last."""
    current = statement.techniques or BOTH
    for word in parse_words(statement.text):
        if word.named and word.technique and len(statement.techniques) != 1:
            current = frozenset({word.technique})
        yield word, current


def _parts(words: Sequence[Word], cited: Sequence[Statement]) -> list[Claim]:
    """Split the sentence by technique; each part gets what the statements say of its techniques."""
    said = [pair for statement in cited for pair in _directed(statement)]
    used = frozenset(root(word.text) for word, _ in said)
    naming = _naming(words, used)
    by_techniques: dict[Techniques, list[Word]] = {}
    for word in words:
        by_techniques.setdefault(naming[word.clause], []).append(word)
    return [Claim(about, tuple(part), _support(about, said, cited), used) for about, part in by_techniques.items()]


def _naming(words: Sequence[Word], used: frozenset[str]) -> dict[int, Techniques]:
    """The techniques of each clause: those it names, else those of the clause before, or of the one it leads up to."""
    named: dict[int, Techniques] = {}
    clauses: dict[int, list[Word]] = {}
    for word in words:
        clauses.setdefault(word.clause, []).append(word)
        if word.technique and not word.contrasted and (word.named or root(word.text) not in used):
            named[word.clause] = named.get(word.clause, frozenset()) | {word.technique}
    about: dict[int, Techniques] = {}
    before: Techniques = frozenset()
    bare = True  # nothing yet, or nothing but "and", stands before the clause
    for number, clause in clauses.items():
        ahead = next((names for other, names in named.items() if other > number), before)
        leads_up = bare or clause[0].text in OPPOSING
        about[number] = named.get(number) or (ahead if leads_up else before)
        before, bare = about[number], len(clause) == 1 and clause[0].text == "and"
    return about


def _support(about: Techniques, said: Sequence[tuple[Word, Techniques]], cited: Sequence[Statement]) -> ConceptMap:
    bearing = [(word, techniques) for word, techniques in said if not about or techniques & about]
    sections = (s.section for s in cited if not about or not s.techniques or s.techniques & about)
    return ConceptMap(
        [word for word, _ in bearing],
        [word for section in sections for word in parse_words(section)],
        frozenset().union(*(techniques for _, techniques in bearing)),
    )


def _claim(sentence: str) -> str:
    """Strip opening words that claim nothing: "No, ", "Not quite: "."""
    while (cut := OPENING_PHRASE.match(sentence)) and not any(w.content or w.technique for w in parse_words(cut[0])):
        sentence = sentence[cut.end() :]
    return sentence


def _in_context(statement: Statement) -> str:
    """The statement's text, after its techniques if it names none: a bullet alone says little."""
    if not statement.techniques or techniques_in(statement.text) & statement.techniques:
        return statement.text
    return f"{' and '.join(sorted(statement.techniques))}: {statement.text}"


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
