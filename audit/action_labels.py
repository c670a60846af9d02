"""Readable labels of actions, for pages: ``faq.phrasings_added`` is "FAQ phrasings added". Pure."""

from __future__ import annotations

NAMES = {"faq": "FAQ", "faqs": "FAQs"}

CHANGES = {
    "faq.returned": "sent back",
    "ticket.amended": "details changed",
    "ticket.breached": "overdue",
    "ticket.commented": "comment added",
    "ticket.drafted": "FAQ drafted",
    "ticket.extended": "another ticket merged into it",
    "ticket.prioritised": "priority changed",
    "ticket.proposed": "phrasing proposed",
    "ticket.waiting": "waiting for the customer",
}
"""Labels for the history of an FAQ or a ticket, if the verb alone is not clear."""


def change_label(action: str) -> str:
    """The words for an action in the history of what it changed: ``claimed`` for
    ``ticket.claimed``."""
    return CHANGES.get(action) or action.partition(".")[2].replace("_", " ")


def action_label(action: str) -> str:
    """The words of an action (``noun.verbed``), the first one in upper case."""
    words = action.replace(".", " ").replace("_", " ").split()
    label = " ".join(NAMES.get(word, word) for word in words)
    return label[:1].upper() + label[1:]
