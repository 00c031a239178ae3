"""Numbers as people write them: 12,000, 40k, 1.2 million, eight thousand, a couple of hundred, dozens."""

import re

from text_to_num import alpha2digit

VAGUE_PLURALS = {"dozen": "12", "dozens": "36", "hundreds": "300", "thousands": "3000", "millions": "3000000"}
VAGUE_NUMBERS = {"couple": 2, "few": 3, "several": 4, "half": 0.5}
MULTIPLIERS = {"k": 1e3, "m": 1e6, "mn": 1e6, "100": 1e2, "1000": 1e3, "1000000": 1e6}
AMOUNT, UP_TO = r"\d[\d.,]*(?: \d+)?[km]?", r"\s?(?:-|–|to)\s?"  # a range is one price: $200 to 300, 2-3k EUR
QUANTITY = re.compile(
    r"(?:(?P<date>\b(?:in|since|from|until|till|by|after|before|year|of|founded)\s+)"
    rf"|(?P<price>(?:[€$£¥₹]|\b(?:eur|usd|gbp|chf))\s?(?:{AMOUNT}{UP_TO})?))?(?<![\w.,])"
    r"(?:(?P<digits>\d{1,3}(?:[,.'’ ]\d{3})+(?![\d])|\d+(?:[.,]\d+)?)|(?P<some>couple|few|several|half)(?: of| an?)?)"
    rf"(?:[ -]?(?P<unit>{'|'.join(sorted(MULTIPLIERS, key=len, reverse=True))})(?!(?<=m)s))?"  # 5 m, but not 5 ms
    r"(?:m?s)?(?![\w])"
    rf"(?P<rest>(?:{UP_TO}{AMOUNT})?[\s-]*"
    r"(?:%|(?:percent|per cent|euros?|dollars?|bucks|pounds|eur|usd|gbp|chf)\b|[€$£¥₹](?!\s?\d)))?",
    re.IGNORECASE,
)
THOUSANDS = re.compile(r"[,.'’ ](?=\d{3}(?:\D|$))")
FIRST_YEAR, LAST_YEAR = 1800, 2100


def find_quantities(text: str) -> list[float]:
    """The counts in a text, in order; years, percentages and prices are left out."""
    plain = re.sub(
        rf"\b({'|'.join(VAGUE_PLURALS)})\b", lambda word: VAGUE_PLURALS[word[0].lower()], text, flags=re.IGNORECASE
    )
    found = (_count(match) for match in QUANTITY.finditer(alpha2digit(plain, "en")))
    return [count for count in found if count is not None]


def _count(match: re.Match[str]) -> float | None:
    digits, unit = match["digits"], match["unit"]
    if match["price"] or match["rest"] or not (digits or unit):
        return None
    size = float(THOUSANDS.sub("", digits).replace(",", ".")) if digits else VAGUE_NUMBERS[match["some"].lower()]
    if match["date"] and not unit and re.fullmatch(r"\d{4}", digits or "") and FIRST_YEAR <= size <= LAST_YEAR:
        return None
    return size * MULTIPLIERS.get((unit or "").lower(), 1)
