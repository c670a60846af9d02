"""The documents' commands and the replies that they show: fenced blocks of Markdown.

A block ``sh`` holds commands. A block ``json``, ``csv`` or ``text`` after it is what its last
command prints. Blocks of any other language are not run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REPLIES = {"json", "csv", "text"}

SERVED_AT = "http://127.0.0.1:8000"
PYTHON = ".venv/bin/python"

SHORTENED = "…"
"""A member of an object that stands for members that are left out; an item, for items."""

STABLE = {"outcome", "source", "faq_id", "result", "status", "title", "reason", "answer"}
"""Members whose values are compared too; of all others only their kind. No text for people is."""

END = "--- end of block ---"


@dataclass(frozen=True)
class Example:
    """Commands, and the reply that the document shows for the last of them, if it shows one."""

    commands: str
    language: str = ""
    reply: str = ""

    @property
    def name(self) -> str:
        return self.commands.strip().splitlines()[0]


def examples(text: str) -> list[Example]:
    """The ``sh`` blocks of a document in order, each with the reply that follows it."""
    blocks = FENCE.findall(text)
    following = [*blocks[1:], ("", "")]
    return [
        Example(commands, *(after if after[0] in REPLIES else ("", "")))
        for (language, commands), after in zip(blocks, following, strict=True)
        if language == "sh"
    ]


def snippet(text: str, language: str) -> str:
    """The first block of a language, such as "python"."""
    return next(code for name, code in FENCE.findall(text) if name == language)


def run(chosen: list[Example], *, address: str, env: Mapping[str, str], folder: Path) -> list[str]:
    """What each block prints, run in order in one shell, on the site at ``address``.

    The words of the document are run as they are, but for the address and Python's path.
    """
    script = f"\nprintf %s '{END}'\n".join(example.commands for example in chosen)
    script = script.replace(SERVED_AT, address).replace(PYTHON, sys.executable)
    ended = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=folder,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    return ended.stdout.split(END)


def differences(shown: Any, real: Any, place: str = "") -> list[str]:
    """Where a reply is not as the document shows it: members, kinds, and values that are stable."""
    if isinstance(shown, dict) and isinstance(real, dict):
        names = shown.keys() - {SHORTENED}
        missing = names - real.keys()
        extra = set() if SHORTENED in shown else real.keys() - names
        result = [
            f"{place}: {name} is {what}"
            for what, group in (("not in the reply", missing), ("not shown", extra))
            for name in sorted(group)
        ]
        for name in names & real.keys():
            result += differences(shown[name], real[name], f"{place}.{name}")
        return result
    if isinstance(shown, list) and isinstance(real, list):
        items = [item for item in shown if item != SHORTENED]
        if len(items) > len(real) or (len(items) < len(real) and SHORTENED not in shown):
            return [f"{place}: {len(real)} items, shown are {len(items)}"]
        return [
            difference
            for number, (item, other) in enumerate(zip(items, real, strict=False))
            for difference in differences(item, other, f"{place}[{number}]")
        ]
    if _kind(shown) != _kind(real):
        return [f"{place}: {real!r}, shown is {shown!r}"]
    if place.rpartition(".")[2] in STABLE and shown != real:
        return [f"{place}: {real!r}, shown is {shown!r}"]
    return []


def reply_differs(example: Example, printed: str) -> list[str]:
    """Where what was printed is not what the document shows."""
    if example.language == "json":
        return differences(json.loads(example.reply), json.loads(printed))
    shown = [line for line in example.reply.splitlines() if line != SHORTENED]
    lines = printed.removeprefix("\ufeff").splitlines()
    return [f"{line!r} is not in the reply" for line in shown if line not in lines]


def _kind(value: Any) -> str:
    # 1.0 is written 1 by some.
    return "number" if type(value) in (int, float) else type(value).__name__
