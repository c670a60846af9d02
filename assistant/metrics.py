"""Every metric of the app. Labels have fixed sets of values and never contain user text."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ASKS = Counter("assistant_asks", "Questions, by outcome.", ["outcome", "source", "reason"])

SIMILARITY = Histogram(
    "assistant_similarity",
    "Cosine similarity of the closest FAQ.",
    ["outcome"],
    buckets=(0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0),
)

SECONDS = Histogram(
    "assistant_ask_seconds",
    "Time to decide and answer, the audit record included.",
    ["outcome"],
    buckets=(
        *(0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1),
        *(0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    ),
)

AGENT_RUNS = Counter("assistant_agent_runs", "Runs of the agent, by reason.", ["reason"])

AGENT_SECONDS = Histogram(
    "assistant_agent_seconds",
    "Time of one run, from the first request to the last check.",
    ["reason"],
    buckets=(0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 30.0),
)

AGENT_TOKENS = Counter("assistant_agent_tokens", "Tokens of the model.", ["direction"])

AGENT_REQUESTS = Counter("assistant_agent_requests", "Requests to the model.")

AGENT_COST = Counter(
    "assistant_agent_cost", "Cost of the model's tokens by AGENT_PRICE, in its currency."
)

CANDIDATE_SEARCHES = Counter(
    "assistant_candidate_searches",
    "Searches for candidates in Chroma; if unavailable, only our vectors were compared.",
    ["result"],
)

EMBEDDER = Gauge(
    "assistant_embedder",
    "1 for the backend in use: onnx, or reference if the model cannot be converted.",
    ["backend"],
    multiprocess_mode="max",
)
