"""Readable labels of actions, for pages: ``faq.phrasings_added`` is "FAQ phrasings added". Pure."""

from __future__ import annotations

NAMES = {"faq": "FAQ", "faqs": "FAQs"}


def action_label(action: str) -> str:
    """The words of an action (``noun.verbed``), the first one in upper case."""
    words = action.replace(".", " ").replace("_", " ").split()
    label = " ".join(NAMES.get(word, word) for word in words)
    return label[:1].upper() + label[1:]
