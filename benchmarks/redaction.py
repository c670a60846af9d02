"""Measure how well and how fast personal data is detected, on your own labelled texts.

    .venv/bin/python -m benchmarks redaction CASES.jsonl [--presidio en_core_web_sm]

Prints precision, recall and F1 by kind, and times; ``--presidio`` adds Presidio for comparison.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from django.conf import settings

from audit.privacy import presidio
from audit.privacy.redaction import Kind, find
from benchmarks.scoring import (
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
"""Characters of a timed text."""

SAMPLE = 40
"""Number of timed texts."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks redaction", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("cases", type=Path, help="JSON lines; see benchmarks/scoring.py")
    parser.add_argument("--presidio", metavar="MODEL", help="a spaCy model, or blank:en")
    options = parser.parse_args(arguments)
    try:
        with options.cases.open(encoding="utf-8") as lines:
            cases = read_cases(lines)
        _report("supportsite", cases, partial(find, region=settings.PHONE_REGION))
        if options.presidio:
            other = presidio.Presidio(options.presidio, region=settings.PHONE_REGION)
            _report("Presidio", cases, other.find_data, repeats=1)
    except (OSError, BadCase, presidio.NotInstalled) as failure:
        raise SystemExit(str(failure)) from None


def _report(name: str, cases: list[Case], finder: Finder, *, repeats: int = 20) -> None:
    scores = score(cases, finder)
    print(f"{name:14}{'precision':>10}{'recall':>9}{'F1':>9}{'texts':>8}")
    for kind in scores.by_kind:
        print(_line(kind.value, scores.of([kind])))
    print(_line("core four", scores.of(CORE)))
    print(_line("all", scores.of(Kind)))
    for suite, count in sorted(scores.negatives.items()):
        changed = scores.changed[suite]
        print(f"{suite}: {changed} of {count} changed ({changed / count:.1%})")
    for kind_of_text, texts in _timed_texts(cases).items():
        time = f"{median_ms(finder, texts, repeats=repeats):.4f} ms" if texts else "no text"
        print(f"{LENGTH} characters {kind_of_text} personal data: {time} (median)")


def _line(name: str, score: Score) -> str:
    numbers = f"{score.precision:10.3f}{score.recall:9.3f}{score.f1:9.3f}"
    return f"{name:14}{numbers}{score.right + score.missed:8}"


def _timed_texts(cases: list[Case]) -> dict[str, list[str]]:
    """Texts of ``LENGTH`` characters, of the cases with personal data and of those without."""
    positive = of_length((case.text for case in cases if case.suite == POSITIVE), LENGTH)
    plain = of_length((case.text for case in cases if _is_plain(case.text)), LENGTH)
    return {"with": positive[:SAMPLE], "without": plain[:SAMPLE]}


def _is_plain(text: str) -> bool:
    return not any(character.isdigit() or character == "@" for character in text)
