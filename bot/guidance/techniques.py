"""The two techniques that the guidance compares, and the many names that people give them."""

import re
from enum import StrEnum


class Technique(StrEnum):
    """One of the two ways to customise a model."""

    RAG = "RAG"
    FINE_TUNING = "fine-tuning"

    @property
    def other(self) -> "Technique":
        return Technique.FINE_TUNING if self is Technique.RAG else Technique.RAG


TECHNIQUE_NAMES: dict[Technique, re.Pattern[str]] = {
    Technique.RAG: re.compile(
        r"\b(?:rag|retriev\w*|look(?:s|ed|ing)?[- ]?(?:it |them |things )?ups?|doc(?:ument)?s?[- ](?:search|bot|lookup)"
        r"|search[- ](?:based|backed)|vector (?:search|store|database|db))\b",
        re.IGNORECASE,
    ),
    Technique.FINE_TUNING: re.compile(
        r"\b(?:ft|sft|lora|fine[- ]?tun\w*|tun(?:e|ed|ing)|(?:re)?train(?:s|ed|ing)?(?! data)"
        r"|bak(?:e|ed|ing) (?:it|in)\w*)\b",
        re.IGNORECASE,
    ),
}


def techniques_in(text: str) -> frozenset[Technique]:
    """Find the techniques that a text names, by any name."""
    return frozenset(technique for technique, names in TECHNIQUE_NAMES.items() if names.search(text))
