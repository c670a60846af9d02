"""Texts that give orders to a language model, or hold what no question has. Pure.

A short list on purpose: it keeps such texts out of what is proposed as a phrasing. It protects no
model; what an agent may say is checked against the FAQs (``assistant.grounding``).
"""

from __future__ import annotations

import re

_INSTRUCTION = re.compile(
    r"""
    \b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|rules|prompts?|guidelines)\b
    | \b(?:system|developer)\s(?:prompt|mode|message)\b
    | ^\W*(?:system|assistant|user)\s*:
    | ["']role["']\s*:
    | </?[a-z][\w-]*> | \{\{ | \}\} | <\|
    | \b(?:you\sare\snow|pretend|act\sas)\b.{0,30}\b(?:ai|bot|model|assistant)\b
    | \bjailbreak
    | \b(?:before\syou\sanswer|for\stesting\spurposes|in\sthis\smode\syou)\b
    | https?:// | \bwww\.
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)


def is_instruction(text: str) -> bool:
    """Whether a text gives orders to a language model, or has markup or a link in it."""
    return _INSTRUCTION.search(text) is not None
