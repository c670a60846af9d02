"""Why a reply of a model, or one of its sentences, is shown or withheld (pure)."""

from __future__ import annotations

from enum import StrEnum


class Grounds(StrEnum):
    """Why a text, or one sentence of it, is shown or withheld. Values are labels of metrics."""

    GROUNDED = "grounded"

    NO_STATEMENT = "no_statement"
    """Of a sentence that has only function words: it states nothing that an FAQ could support."""
    NO_TEXT = "no_text"
    TOO_LONG = "too_long"
    NO_CITATION = "no_citation"
    UNKNOWN_CITATION = "unknown_citation"
    """Cites an FAQ that this run did not return, or that the caller may not see."""
    FOREIGN_ADDRESS = "foreign_address"
    """A URL, domain or e-mail address that no cited FAQ has."""
    FOREIGN_PHONE = "foreign_phone"
    FOREIGN_NUMBER = "foreign_number"
    FOREIGN_WORDS = "foreign_words"
    """A sentence has words that no one sentence of a cited FAQ has."""
    CONTRADICTS = "turned_round"
    """It negates what a cited FAQ states, or states what an FAQ negates."""
    MIXED = "mixed"
    """A sentence joins what a cited FAQ says of different things."""
    IRRELEVANT = "irrelevant"
    """It is supported, and not about the question."""
