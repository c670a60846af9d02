"""What people are written about a ticket. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

HAPPENED = {
    "opened": "was opened",
    "claimed": "is being worked on by {by}",
    "waiting": "waits for an answer of yours",
    "resumed": "is being worked on again",
    "resolved": "is resolved",
    "closed": "is closed",
    "reopened": "was opened again",
    "commented": "has a reply of {by}",
    "prioritised": "has another priority",
    "breached": "is overdue since {due}",
}
"""What is told, as the end of a sentence about the ticket."""

SHORT = 60


@dataclass(frozen=True)
class Written:
    subject: str
    text: str


def written(
    event: str, *, number: int, question: str, by: str, text: str, due: datetime | None
) -> Written:
    """The mail about one event; ``text`` is what was replied, if anything was."""
    when = f"{due:%d %b %Y, %H:%M} UTC" if due else "now"
    happened = HAPPENED[event].format(by=by or "the site", due=when)
    one_line = " ".join(question.split())
    short = one_line if len(one_line) <= SHORT else one_line[: SHORT - 1] + "…"
    said = [f"Ticket {number} {happened}."]
    if text:
        said += ["", text]
    said += ["", "The question:", question]
    return Written(subject=f"[#{number}] {short}", text="\n".join(said) + "\n")
