"""How well and how fast personal data is found, on your own labelled texts."""

from __future__ import annotations

from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit import presidio
from audit.redaction import Kind, find
from audit.scoring import (
    CORE,
    POSITIVE,
    BadCase,
    Case,
    Finder,
    Score,
    median_ms,
    of_length,
    read_cases,
    score,
)

LENGTH = 500
SAMPLE = 40
"""Texts timed."""


class Command(BaseCommand):
    help = "Precision, recall and F1 by kind, and times; of Presidio too where it is installed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cases", type=Path, help="JSON lines; see audit/scoring.py")
        parser.add_argument("--presidio", metavar="MODEL", help="a spaCy model, or blank:en")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["cases"].open(encoding="utf-8") as lines:
                cases = read_cases(lines)
        except (OSError, BadCase) as wrong:
            raise CommandError(str(wrong)) from None
        self._tell("supportsite", cases, partial(find, region=settings.PHONE_REGION))
        if not options["presidio"]:
            return
        try:
            other = presidio.Presidio(options["presidio"], region=settings.PHONE_REGION)
        except presidio.NotInstalled as missing:
            raise CommandError(str(missing)) from None
        self._tell("Presidio", cases, other.find_data, repeats=1)

    def _tell(self, name: str, cases: list[Case], finder: Finder, *, repeats: int = 20) -> None:
        found = score(cases, finder)
        self.stdout.write(f"{name:14}{'precision':>10}{'recall':>9}{'F1':>9}{'there':>8}")
        for kind in found.by_kind:
            self._line(kind.value, found.of([kind]))
        self._line("core four", found.of(CORE))
        self._line("all", found.of(Kind))
        for suite, there in sorted(found.there.items()):
            share = found.touched[suite] / there
            self.stdout.write(f"{suite}: {found.touched[suite]} of {there} touched ({share:.1%})")
        for what, texts in _timed(cases).items():
            took = f"{median_ms(finder, texts, repeats=repeats):.4f} ms" if texts else "no text"
            self.stdout.write(f"{LENGTH} characters {what} personal data: {took} (median)")

    def _line(self, name: str, told: Score) -> None:
        there = told.right + told.missed
        numbers = f"{told.precision:10.3f}{told.recall:9.3f}{told.f1:9.3f}{there:8}"
        self.stdout.write(f"{name:14}{numbers}")


def _timed(cases: list[Case]) -> dict[str, list[str]]:
    """Texts of ``LENGTH`` characters, of those cases that have and that have not any."""
    positive = of_length((case.text for case in cases if case.suite == POSITIVE), LENGTH)
    plain = of_length((case.text for case in cases if _is_plain(case.text)), LENGTH)
    return {"with": positive[:SAMPLE], "without": plain[:SAMPLE]}


def _is_plain(text: str) -> bool:
    return not any(character.isdigit() or character == "@" for character in text)
