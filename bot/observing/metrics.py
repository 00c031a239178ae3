"""Counters and timings for Prometheus. No label holds a user, a workspace or a text."""

from prometheus_client import Counter, Histogram

PREFIX = "rag_or_tune"
BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

questions = Counter(f"{PREFIX}_questions", "Questions by what came of them; abstain is an abstention.", ["outcome"])
stages = Histogram(
    f"{PREFIX}_stage_seconds",
    "Seconds from accepted to answered (answer), from answered to delivered (deliver), of a click (click).",
    ["stage"],
    buckets=BUCKETS,
)
deliveries = Counter(
    f"{PREFIX}_deliveries", "Attempts to deliver a post: sent, retried or failed.", ["platform", "result"]
)
refused = Counter(f"{PREFIX}_refused_requests", "Requests that Slack did not sign, or not lately.")
model_calls = Counter(f"{PREFIX}_model_calls", "Calls of the language model: answered or failed.", ["result"])
model_tokens = Counter(f"{PREFIX}_model_tokens", "Tokens as the provider reports them: input or output.", ["direction"])
fallbacks = Counter(f"{PREFIX}_model_fallbacks", "Answers in the article's words since the language model's were none.")
