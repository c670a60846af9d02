"""Ask a question in a terminal and see the decision."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.answering.answer import Answer, BadQuestion, Outcome, Purpose, Question
from assistant.answering.steps import Step
from assistant.interfaces import Unavailable
from assistant.wiring import embedder, get_assistant
from audit.identity.cli_user import actor

BAR = 30
AGENT_STEPS = ("rewrite", "model_request", "tool_call", "ground", "agent")


class Command(BaseCommand):
    help = "Ask the live release a question; prints the answer and the decision that led to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("question")
        parser.add_argument("--category", default="", help="only FAQs of this category")
        parser.add_argument("--choice", default="", help="the id picked when asked back")
        parser.add_argument("--conversation", default="", help="ask within this conversation")
        parser.add_argument("--json", action="store_true", help="the reply of POST /ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["question"].strip():
            raise CommandError("The question is blank.")
        me = actor()
        question = Question(
            text=options["question"],
            user_id=me,
            actor=me,
            category=options["category"],
            choice=options["choice"],
            conversation_id=options["conversation"],
            purpose=Purpose.TRY,
        )
        try:
            # Loaded here, so that the times shown are those of answering.
            embedder().load()
            answer = get_assistant().ask(question, self._on_step)
        except (BadQuestion, Unavailable) as failure:
            raise CommandError(str(failure)) from None
        if options["json"]:
            self.stdout.write(json.dumps(answer.as_dict(), ensure_ascii=False, indent=2))
        else:
            self.stdout.write(readable(answer))

    def _on_step(self, step: Step | None) -> None:
        """Print the agent's steps as they happen; beside the answer, which is for programs too."""
        if step and step["step"] in AGENT_STEPS:
            self.stderr.write(step_line(step))


def step_line(step: Step) -> str:
    """One step of the agent, in one line."""
    more = {name: value for name, value in step.items() if name not in ("step", "ms")}
    if "returned" in more:
        more["returned"] = ", ".join(found["faq_id"] for found in more["returned"]) or "nothing"
    if "arguments" in more:
        more["arguments"] = more["arguments"]["question"]
    shown = "; ".join(f"{name} {value}" for name, value in more.items())
    return f"  {step['ms']:8.1f} ms  {step['step']}: {shown}"


def readable(answer: Answer) -> str:
    """The reply for a person: what was said, and what it was decided on."""
    told = answer.as_dict()
    decision = told["decision"]
    lines = [f"{told['outcome']} ({decision['reason']})", ""]
    if answer.text:
        lines += [answer.text, ""]
    if answer.outcome is Outcome.CLARIFY:
        lines += ["Did you mean:", *(f"  {o['question']}" for o in told["options"]), ""]
    if told["unanswered_parts"]:
        lines += ["Not answered:", *(f"  {part}" for part in told["unanswered_parts"]), ""]
    lines += [*_matches(told, decision), *_numbers(decision)]
    timed = ", ".join(f"{step['step']} {step['ms']} ms" for step in decision["path"])
    return "\n".join([*lines, f"release {told['release']}; {timed}"])


def _matches(told: dict[str, Any], decision: dict[str, Any]) -> list[str]:
    found = [step for step in decision["path"] if step["step"] == "match"]
    return [
        f"  {match['similarity']:6.3f} {_bar(match['similarity'], decision['threshold'])} "
        f"{match['faq_id']}: {match['phrasing']}"
        for match in (found[0]["matches"] if found else [])
    ]


def _bar(similarity: float, threshold: float) -> str:
    """The similarity as a bar, with a mark where the threshold is."""
    filled = round(max(similarity, 0.0) * BAR)
    cells = ["█" if at < filled else "·" for at in range(BAR)]
    cells[min(round(threshold * BAR), BAR - 1)] = "|"
    return "".join(cells)


def _numbers(decision: dict[str, Any]) -> list[str]:
    said = [f"threshold {decision['threshold']}", f"margin {decision['margin']}"]
    for name in ("lead", "confidence"):
        if decision[name] is not None:
            said.append(f"{name} {decision[name]:.3f}")
    return [f"  policy {decision['policy']['name']}: {', '.join(said)}"]
