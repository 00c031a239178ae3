"""The meaning of a sentence, word by word: concepts and their signs, negations, and the technique each is about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.guidance.techniques import TECHNIQUE_NAMES, Technique
from bot.writing.vocabulary import MAX_PHRASE_WORDS, Concept, Key, Sense, root, vocabulary

TOKEN = re.compile(r"[$€£]?\d(?:[\d.,]*\d)?%?|[^\W\d_]+|[^\w\s]")
CONTRACTIONS = (
    (re.compile(r"[’ʼ`´]"), "'"),
    (re.compile(r"\bcan(?:not|'t)\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bwon't\b", re.IGNORECASE), "will not"),
    (re.compile(r"n't\b", re.IGNORECASE), " not"),
    (re.compile(r"(?<=\w)'(?:s|re|ve|ll|d|m)?(?!\w)", re.IGNORECASE), ""),
    (re.compile(r"(?<=\w)[-‐‑/](?=\w)"), " "),
)
CLAUSE_MARKS = frozenset(",;:()[]—–.!?…")
CONDITIONS = frozenset({"if", "since", "because", "as", "when", "given", "once", "where", "whenever"})
CONTINUATIONS = frozenset({"and"})
REPLACEMENTS = frozenset({"instead of", "rather than"})
CONTRASTS = frozenset(
    {"than", "unlike", "compared to", "compared with", "in contrast to", "as opposed to", *REPLACEMENTS}
)
CONNECTIVES = (
    CONDITIONS
    | CONTINUATIONS
    | CONTRASTS
    | {"but", "while", "whereas", "although", "though", "so", "unless", "yet", "until"}
)
CONDITIONS_FIRST = frozenset({"with", "for", "in", "having"})  # conditions at the beginning of a clause only
POSSESSIVES = frozenset({"your", "our"})
POSSESSIVE_REACH = 2  # words after a possessive that are the user's


@dataclass(frozen=True)
class Word:
    """A word or a fixed phrase.

    `senses` are its possible meanings; `conditional` words are said of the user's case ("If you ...", "your ...");
    `contrasted` ones follow "than"; `beside_name` ones share a clause with a technique's name; `technique` is set where
    one is named, `named` if by its own name rather than by a word such as "search"; `negators` are the positions of the
    negations over it.
    """

    text: str
    key: Key
    senses: tuple[Sense, ...]
    position: int
    clause: int
    conditional: bool
    contrasted: bool
    capital: bool
    beside_name: bool = False
    technique: Technique | None = None
    named: bool = False
    negators: frozenset[int] = frozenset()

    def listed(self, name: str) -> bool:
        """Return True if it is in that list of the vocabulary."""
        return vocabulary().lists(name, self.key)

    @property
    def negates(self) -> bool:
        return self.listed("negations") or self.listed("denials")

    @property
    def quantity(self) -> bool:
        return self.text[-1].isdigit() or self.text[-1] == "%" or self.listed("quantities")

    @property
    def polar(self) -> bool:
        """Return True if one of its meanings has an opposite."""
        return any(name in vocabulary().polar for sense in self.senses for name, _ in sense)

    @property
    def only_polar(self) -> bool:
        """Return True if all its meanings have opposites, so that mistaking it may reverse the sentence."""
        meant = [sense for sense in self.senses if not any(name.startswith("=") for name, _ in sense)]
        return bool(meant) and all(any(name in vocabulary().polar for name, _ in sense) for sense in meant)

    @property
    def content(self) -> bool:
        """Return True if it claims something by itself."""
        return not (self.named or self.negates or self.listed("frame")) or (self.quantity and not self.named)

    @property
    def concepts(self) -> frozenset[Concept]:
        """All its possible meanings, with the signs they have under its negations."""
        return frozenset((name, sign * self.sign) for sense in self.senses for name, sign in sense)

    @property
    def sign(self) -> int:
        return -1 if len(self.negators) % 2 else 1


@lru_cache(maxsize=1024)  # statements are read again and again
def parse_words(text: str) -> tuple[Word, ...]:
    """The words of a text in order, without punctuation."""
    for pattern, plain in CONTRACTIONS:
        text = pattern.sub(plain, text)
    return _negated(tuple(_words(text)))


@dataclass
class _Clause:
    number: int = 0
    conditional: bool = False
    contrasted: bool = False
    fresh: bool = True

    def open(self, text: str) -> None:
        """Start a new clause if the next text begins one, and note its kind."""
        if text in CLAUSE_MARKS or text in CONNECTIVES:
            self.number += 1
            self.contrasted = text in CONTRASTS
            self.conditional = text in CONDITIONS or (text in CONTINUATIONS and self.conditional)
            self.fresh = text in CLAUSE_MARKS or text == "and"
        elif self.fresh:
            self.fresh = False
            self.conditional = self.conditional or text in CONDITIONS_FIRST


def _words(text: str) -> Iterator[Word]:
    tokens = list(TOKEN.finditer(text))
    lower = [token.group().lower() for token in tokens]
    spans = [(m, technique) for technique, names in TECHNIQUE_NAMES.items() for m in names.finditer(text)]
    clause, at, possessive = _Clause(), 0, -POSSESSIVE_REACH - 1
    while at < len(tokens):
        start = tokens[at].start()
        name = next(((m, technique) for m, technique in spans if m.start() <= start < m.end()), None)
        if name:
            count = sum(start <= token.start() < name[0].end() for token in tokens)
            key = vocabulary().key(lower[at : at + count])
        else:
            count, key = _phrase(lower[at:])
        text_here = " ".join(lower[at : at + count])
        clause.open(text_here)
        if text_here in POSSESSIVES:
            possessive = at
        if text_here[-1].isalnum() or text_here[-1] == "%":
            yield Word(
                text=text_here,
                key=key or (root(text_here),),
                senses=(*vocabulary().senses.get(key or (), ()), frozenset({("=" + root(text_here), 1)})),
                position=at,
                clause=clause.number,
                conditional=clause.conditional or at - possessive <= POSSESSIVE_REACH,
                contrasted=clause.contrasted,
                capital=tokens[at].group()[0].isupper() and at > 0 and lower[at - 1] not in CLAUSE_MARKS,
                technique=name[1] if name else None,
                named=name is not None and _own_name(text_here, name[1]),
            )
        at += count


def _phrase(lower: list[str]) -> tuple[int, Key | None]:
    for count in range(min(MAX_PHRASE_WORDS, len(lower)), 1, -1):
        if key := vocabulary().key(lower[:count]):
            return count, key
    return 1, vocabulary().key(lower[:1])


def _own_name(text: str, technique: Technique) -> bool:
    own = re.sub(r"\W", "", technique.value.lower())[:7]
    return re.sub(r"\W", "", text).startswith(own)


def _negated(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Add to each word the negations over it."""
    scopes = {negator.position: _scope(negator, words) for negator in words if negator.negates}
    named = {word.clause for word in words if word.technique}
    return tuple(
        replace(
            word,
            negators=frozenset(at for at, scope in scopes.items() if word.position in scope),
            beside_name=word.clause in named,
        )
        for word in words
    )


def _scope(negator: Word, words: tuple[Word, ...]) -> frozenset[int]:
    """The rest of the clause; all of it for a denial; the clause before if nothing follows ("X RAG can't do")."""
    here = [word for word in words if word.clause == negator.clause and word is not negator]
    after = [word for word in here if word.position > negator.position]
    before = [word for word in words if word.clause < negator.clause and _claims(word)]
    if any(map(_claims, after)) and not negator.listed("denials"):
        here = after
    elif before and not any(map(_claims, here)):
        here = [word for word in words if word.clause == before[-1].clause]
    return frozenset(word.position for word in here)


def _claims(word: Word) -> bool:
    return word.content or (word.technique is not None and not word.named)
