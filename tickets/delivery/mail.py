"""What people are written about a ticket. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

HAPPENED = {
    "opened": "was opened",
    "claimed": "is being worked on by {by}",
    "assigned": "was assigned to you by {by}",
    "waiting": "waits for an answer of yours",
    "resumed": "is being worked on again",
    "resolved": "is resolved",
    "closed": "is closed",
    "reopened": "was opened again",
    "merged": "continues in another ticket",
    "commented": "has a reply of {by}",
    "prioritised": "has another priority",
    "breached": "is overdue since {due}",
}
"""What an event did, as the end of a sentence about the ticket."""

SHORT = 60


@dataclass(frozen=True)
class Mail:
    subject: str
    text: str


@dataclass(frozen=True)
class News:
    """One event of a ticket, and what its mails say about it."""

    event: str
    number: int
    question: str
    by: str
    site: str
    due: datetime | None = None

    def subject(self) -> str:
        """On one line. Redact it again: a number may have been broken by the end of a line."""
        one_line = " ".join(self.question.split())
        short = one_line if len(one_line) <= SHORT else one_line[: SHORT - 1] + "…"
        return f"[#{self.number}] {short}"

    def to_requester(self, *, reply: str, link: str) -> str:
        """``reply`` is what the desk said, ``link`` where the ticket is shown; or empty."""
        happened = (
            [f"{self.by or self.site} has replied to your question:", "", reply]
            if reply
            else [f"Your ticket {self._happened()}"]
        )
        where = ["", f"See it, and answer, here: {link}"] if link else []
        question = ["", f"Your question (ticket {self.number}):", self.question]
        return _joined("Hello,", "", *happened, *where, *question, "", "Kind regards", self.site)

    def to_desk(self, *, comment: str, link: str) -> str:
        """``comment`` is what was said, if anything was; ``link`` is the ticket's page."""
        said = ["", comment] if comment else []
        question = ["", "The question:", self.question]
        return _joined(f"Ticket {self._happened()}", *said, *question, "", link)

    def _happened(self) -> str:
        when = f"{self.due:%d %b %Y, %H:%M} UTC" if self.due else "now"
        words = HAPPENED[self.event].format(by=self.by or "the site", due=when)
        return f"{self.number} {words}."


def _joined(*lines: str) -> str:
    return "\n".join(lines).rstrip() + "\n"
