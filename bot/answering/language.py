"""The language that a message is written in, for those who do not write English."""

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SPOKEN = ("zh", "hi", "es", "ar", "fr", "bn", "pt", "ru", "id", "ur", "de", "ja")  # most, beside English, and German
MIN_CERTAINTY = 0.9  # probability from which a message counts as one in that language
MIN_LATIN_WORDS = 3  # of one; "danke" and "que?" are in no language for certain
MIN_ENGLISH_SHARE = 0.2  # of the words, from which the model need not be asked
LAST_LATIN = "\u024f"  # letter, with accents
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
ENGLISH = frozenset(
    WORD.findall(
        "about and any are as at be but by can could does for from get have help how i if is it its just like my need"
        " not of or our should that the there they this to up using want we what when which who why will with would"
        " you your"
    )
)


def detect_language(text: str) -> str | None:
    """Return the code (ISO 639-1) of the language that a text is in, one of SPOKEN; None for English and others."""
    words = WORD.findall(text.lower())
    if len(words) < MIN_LATIN_WORDS and all(max(word) <= LAST_LATIN for word in words):
        return None
    if sum(word in ENGLISH for word in words) >= MIN_ENGLISH_SHARE * len(words):
        return None
    language, certainty = _identifier().classify(text)
    return language if language in SPOKEN and certainty >= MIN_CERTAINTY else None


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(["en", *SPOKEN])
    return identifier
