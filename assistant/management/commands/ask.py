"""Ask a question in the terminal and print the decision."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.answering.answer import Answer, BadQuestion, Outcome, Purpose, Question
from assistant.embedders import embedder
from assistant.interfaces import Unavailable
from assistant.readable_labels import REASONS
from assistant.steps import Step
from assistant.wiring import get_assistant
from audit.identity.cli_user import actor

BAR = 30
AGENT_STEPS = ("rewrite", "model_request", "tool_call", "ground", "agent")


class Command(BaseCommand):
    help = "Ask the live release a question; prints the answer and its decision."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("question")
        parser.add_argument("--category", default="", help="only FAQs of this category")
        parser.add_argument(
            "--choice", default="", help="the faq_id picked from the options of the last reply"
        )
        parser.add_argument("--conversation", default="", help="the id of a conversation")
        parser.add_argument("--json", action="store_true", help="print the reply of POST /ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["question"].strip():
            raise CommandError("The question is blank. Type a question.")
        caller = actor()
        question = Question(
            text=options["question"],
            user_id=caller,
            actor=caller,
            category=options["category"],
            choice=options["choice"],
            conversation_id=options["conversation"],
            purpose=Purpose.TRY,
        )
        try:
            # Load the model first, so that the times shown do not include it.
            embedder().load()
            answer = get_assistant().ask(question, self._on_step)
        except (BadQuestion, Unavailable) as failure:
            raise CommandError(str(failure)) from None
        if options["json"]:
            self.stdout.write(json.dumps(answer.as_dict(), ensure_ascii=False, indent=2))
        else:
            self.stdout.write(readable(answer))

    def _on_step(self, step: Step | None) -> None:
        """Print the agent's steps to stderr as they happen; stdout is for the answer."""
        if step and step["step"] in AGENT_STEPS:
            self.stderr.write(step_line(step))


def step_line(step: Step) -> str:
    """One step of the agent, in one line."""
    details = {name: value for name, value in step.items() if name not in ("step", "ms")}
    if "returned" in details:
        faq_ids = ", ".join(match["faq_id"] for match in details["returned"])
        details["returned"] = faq_ids or "nothing"
    if "arguments" in details:
        details["arguments"] = details["arguments"]["question"]
    shown = "; ".join(f"{name} {value}" for name, value in details.items())
    return f"  {step['ms']:8.1f} ms  {step['step']}: {shown}"


def readable(answer: Answer) -> str:
    """The reply in readable lines: the answer, then the numbers of the decision."""
    payload = answer.as_dict()
    decision = payload["decision"]
    lines = [f"{payload['outcome']}: {REASONS[answer.decision.reason]}", ""]
    if answer.text:
        lines += [answer.text, ""]
    if answer.outcome is Outcome.CLARIFY:
        lines += ["Did you mean:", *(f"  {o['question']}" for o in payload["options"]), ""]
    if payload["unanswered_parts"]:
        lines += ["Not answered:", *(f"  {part}" for part in payload["unanswered_parts"]), ""]
    lines += [*_matches(decision), *_numbers(decision)]
    times = ", ".join(f"{step['step']} {step['ms']} ms" for step in decision["path"])
    return "\n".join([*lines, f"release {payload['release']}; {times}"])


def _matches(decision: dict[str, Any]) -> list[str]:
    steps = [step for step in decision["path"] if step["step"] == "match"]
    return [
        f"  {match['similarity']:6.3f} {_bar(match['similarity'], decision['threshold'])} "
        f"{match['faq_id']}: {match['phrasing']}"
        for match in (steps[0]["matches"] if steps else [])
    ]


def _bar(similarity: float, threshold: float) -> str:
    """The similarity as a bar, with a mark where the threshold is."""
    filled = round(max(similarity, 0.0) * BAR)
    cells = ["█" if cell < filled else "·" for cell in range(BAR)]
    cells[min(round(threshold * BAR), BAR - 1)] = "|"
    return "".join(cells)


def _numbers(decision: dict[str, Any]) -> list[str]:
    numbers = [f"threshold {decision['threshold']}", f"margin {decision['margin']}"]
    for name in ("lead", "confidence"):
        if decision[name] is not None:
            numbers.append(f"{name} {decision[name]:.3f}")
    return [f"  policy {decision['policy']['name']}: {', '.join(numbers)}"]
