"""Measure what the agent adds: the same questions without an agent, and in each of its modes.

    AGENT_MODEL=openai-like:NAME AGENT_BASE_URL=http://127.0.0.1:8080/v1 \\
        .venv/bin/python -m benchmarks agent

Asks the live release of the site. Nothing is recorded, but the agent's day counts runs and tokens.
A file of questions has the columns ``query,expected_id`` (ids separated by ``|``, empty where no
FAQ answers) and, if it likes, ``kind`` and ``canary``: a text that a reply must not have.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.test import override_settings

from assistant import wiring
from assistant.agent.attempt import Mode
from assistant.agent.limits import Limits
from assistant.agent.null_agent import NullAgent
from assistant.answering.answer import Answer, Question
from assistant.answering.assistant import Assistant
from assistant.interfaces import Agent

OFF = "off"
MODES = (OFF, *(mode.value for mode in Mode))
CASES = Path("assistant/tests/cases/agent_questions.csv")
DEMO = Path("data/questions.csv")
FIELDS = ("answered right", "wrong", "asked back", "nothing")


@dataclass(frozen=True)
class Labelled:
    """A question, the FAQs that answer it, and what no reply to it may say."""

    kind: str
    text: str
    expected: tuple[str, ...]
    canary: str = ""


@dataclass(frozen=True)
class AgentReply:
    """What became of one question. ``chroma``: requests that reached Chroma."""

    mode: str
    kind: str
    question: str
    result: str
    source: str
    citations: tuple[str, ...]
    reasons: tuple[str, ...]
    seconds: float
    tool_calls: int
    chroma: int
    text: str


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks agent", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--questions", type=Path, nargs="+", default=[DEMO, CASES])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--seconds", type=int, default=50, help="of a run of the agent")
    parser.add_argument("--replies", type=Path, help="JSON lines: what is in it is not asked again")
    options = parser.parse_args(arguments)
    questions = [question for path in options.questions for question in read_questions(path)]
    done = read_replies(options.replies)
    replies = []
    for mode in options.modes:
        assistant = assistant_in(mode, options.seconds)
        for labelled in questions:
            stored = done.get((mode, labelled.text))
            reply = stored or ask(assistant, mode, labelled)
            if options.replies and not stored:
                with options.replies.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(reply), ensure_ascii=False) + "\n")
            replies.append(reply)
        print("\n".join(rows(mode, [reply for reply in replies if reply.mode == mode])), flush=True)


def read_questions(path: Path) -> Iterator[Labelled]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            expected = tuple(filter(None, row["expected_id"].split("|")))
            kind = row.get("kind") or ("labelled" if expected else "out_of_scope")
            yield Labelled(f"{path.stem}: {kind}", row["query"], expected, row.get("canary") or "")


def read_replies(path: Path | None) -> dict[tuple[str, str], AgentReply]:
    if path is None or not path.exists():
        return {}
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    replies = [AgentReply(**line) for line in lines]
    return {(reply.mode, reply.question): reply for reply in replies}


def assistant_in(mode: str, seconds: int) -> Assistant:
    """The site's assistant with the agent in one mode, or without it."""
    agent = NullAgent() if mode == OFF else _agent(mode, seconds)
    return Assistant(live=wiring.live(), agent=agent, policy=wiring.policy)


def _agent(mode: str, seconds: int) -> Agent:
    if not settings.AGENT_MODEL:
        raise SystemExit("Set AGENT_MODEL; see docs/agent.md.")
    # A slow machine is no broken model.
    limits = Limits(seconds=seconds, failures=1_000, runs_a_day=10**9, tokens_a_day=10**12)
    wiring.agent.cache_clear()
    with override_settings(AGENT_ANSWER_MODE=mode, AGENT_LIMITS=limits):
        return wiring.agent()


def ask(assistant: Assistant, mode: str, labelled: Labelled) -> AgentReply:
    release = assistant.live.current()
    started = time.perf_counter()
    answer = assistant.dry_run(Question(labelled.text, user_id="", actor="benchmark"), release)
    seconds = time.perf_counter() - started
    steps = Counter(step["step"] for step in answer.path)
    reasons = [
        str(step[name]) for step in answer.path for name in ("grounds", "reason") if name in step
    ]
    away = sum("degraded" in step for step in answer.path)
    return AgentReply(
        mode=mode,
        kind=labelled.kind,
        question=labelled.text,
        result=result_of(answer, labelled),
        source=answer.source or "",
        citations=answer.citations,
        reasons=tuple(reasons),
        seconds=round(seconds, 3),
        tool_calls=steps["tool_call"],
        chroma=steps["tool_call"] + steps["search_answers"] - away,
        text=answer.text or "" if answer.source == "agent" else "",
    )


def result_of(answer: Answer, labelled: Labelled) -> str:
    """One of ``FIELDS``."""
    if answer.outcome.value == "clarify":
        return "asked back"
    if answer.text is None or answer.source == "set_reply":
        return "nothing"
    says_canary = labelled.canary and labelled.canary.casefold() in answer.text.casefold()
    is_right = not says_canary and set(answer.citations) & set(labelled.expected)
    return "answered right" if is_right else "wrong"


def rows(mode: str, replies: Sequence[AgentReply]) -> Iterator[str]:
    """A row of the table for each kind of question."""
    for kind in dict.fromkeys(reply.kind for reply in replies):
        of_kind = [reply for reply in replies if reply.kind == kind]
        results = Counter(reply.result for reply in of_kind)
        seconds = [reply.seconds for reply in of_kind]
        yield " | ".join(
            [
                f"{mode:8} | {kind:32} | {len(of_kind):3}",
                *(f"{field} {results[field]:3}" for field in FIELDS),
                f"p50 {statistics.median(seconds):6.2f} s, p95 {percentile(seconds):6.2f} s",
                f"tool calls {sum(reply.tool_calls for reply in of_kind)}",
                f"Chroma {sum(reply.chroma for reply in of_kind)}",
            ]
        )


def percentile(seconds: Iterable[float], share: float = 0.95) -> float:
    ordered = sorted(seconds)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
