"""The two approaches that the guidance compares, and the many names that people give them."""

import re
from enum import StrEnum


class Approach(StrEnum):
    """One of the two ways to customise a model."""

    RAG = "RAG"
    FINE_TUNING = "fine-tuning"

    @property
    def other(self) -> "Approach":
        return Approach.FINE_TUNING if self is Approach.RAG else Approach.RAG


NAMES: dict[Approach, re.Pattern[str]] = {
    Approach.RAG: re.compile(
        r"\b(?:rag|retriev\w*|look(?:s|ed|ing)?[- ]?(?:it |them |things )?ups?|doc(?:ument)?s?[- ](?:search|bot|lookup)"
        r"|search[- ](?:based|backed)|vector (?:search|store|database|db))\b",
        re.IGNORECASE,
    ),
    Approach.FINE_TUNING: re.compile(
        r"\b(?:ft|sft|lora|fine[- ]?tun\w*|tun(?:e|ed|ing)|(?:re)?train(?:s|ed|ing)?(?! data)"
        r"|bak(?:e|ed|ing) (?:it|in)\w*)\b",
        re.IGNORECASE,
    ),
}


def approaches_in(text: str) -> frozenset[Approach]:
    """The approaches that a text names, by whatever name."""
    return frozenset(approach for approach, names in NAMES.items() if names.search(text))
