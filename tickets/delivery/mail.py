"""Subjects and texts of mails about a ticket. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

EVENT_TEXTS = {
    "opened": "was opened",
    "claimed": "is being worked on by {by}",
    "assigned": "was assigned to you by {by}",
    "waiting": "waits for your answer",
    "resumed": "is being worked on again",
    "resolved": "is resolved",
    "closed": "is closed",
    "reopened": "was opened again",
    "merged": "continues in another ticket",
    "commented": "has a reply from {by}",
    "prioritised": "has a new priority",
    "breached": "is overdue since {due}",
}
"""The end of a sentence that begins with the ticket's number, by event."""

SHORT = 60


@dataclass(frozen=True)
class Mail:
    subject: str
    text: str


@dataclass(frozen=True)
class EventMail:
    """The mails about one event of a ticket."""

    event: str
    number: int
    question: str
    by: str
    site: str
    due: datetime | None = None

    def subject(self) -> str:
        """On one line. Redact the result: joined lines may form a number."""
        one_line = " ".join(self.question.split())
        short = one_line if len(one_line) <= SHORT else one_line[: SHORT - 1] + "…"
        return f"[#{self.number}] {short}"

    def to_requester(self, *, reply: str, link: str, files: int = 0) -> str:
        """The text for the customer; ``reply`` and ``link`` (to the ticket) may be empty.

        The mail carries ``files`` attachments.
        """
        event = (
            [f"{self.by or self.site} has replied to your question:", "", reply]
            if reply
            else [f"Your ticket {self._event_sentence()}"]
        )
        where = ["", f"Read and answer it here: {link}"] if link else []
        question = ["", f"Your question (ticket {self.number}):", self.question]
        attached = _files(files, "attached")
        return _joined(
            "Hello,", "", *event, *attached, *where, *question, "", "Kind regards", self.site
        )

    def to_desk(self, *, comment: str, link: str, files: int = 0) -> str:
        """The text for the desk. ``comment`` may be empty; ``link`` is the page of the ticket,
        which has the ``files``.
        """
        body = [*(["", comment] if comment else []), *_files(files, "in the ticket")]
        question = ["", "The question:", self.question]
        return _joined(f"Ticket {self._event_sentence()}", *body, *question, "", link)

    def _event_sentence(self) -> str:
        when = f"{self.due:%d %b %Y, %H:%M} UTC" if self.due else "now"
        words = EVENT_TEXTS[self.event].format(by=self.by or "the site", due=when)
        return f"{self.number} {words}."


def _files(count: int, where: str) -> list[str]:
    return ["", f"{count} {'file is' if count == 1 else 'files are'} {where}."] if count else []


def _joined(*lines: str) -> str:
    return "\n".join(lines).rstrip() + "\n"
