"""JSON files of FAQs. Pure: no Django, no database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from faq.content import Draft
from faq.files.row import ALTERNATES, FAQ_COLUMNS, OWN_COLUMNS
from faq.files.tables import (
    Cell,
    Invalid,
    Limits,
    Problems,
    Row,
    check_size,
    decoded,
    refused,
    shown,
)

COLUMNS = (*FAQ_COLUMNS, ALTERNATES, *OWN_COLUMNS)
NUMBERS = ("threshold", "margin")
FLAGS = ("retired",)

MOST_VALUES = 2_000_000
"""Counted by brackets and commas before the file is parsed: a value takes up to 30 times the memory
that it takes in the file."""


class RepeatedName(dict[str, Any]):
    """An object that has one name twice, of which Python keeps the last."""

    name = ""


def loaded(data: bytes, limits: Limits) -> Any:
    """The value of a JSON file (RFC 8259). Raises ``Unreadable``."""
    check_size(data, limits)
    if sum(data.count(mark) for mark in (b"{", b"[", b",")) > MOST_VALUES:
        raise refused(f"the file has over {MOST_VALUES:,} values")
    try:
        return json.loads(decoded(data), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise refused("the file is not JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated = RepeatedName(found)
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            repeated.name = name
            break
        seen.add(name)
    return repeated


def _refuse_constant(name: str) -> None:
    raise refused(f"the file is not JSON: {name} is not a JSON number (RFC 8259)")


def read_json(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    """``{"faqs": [{"id": …, "alternates": […], …}]}``, or the list alone.

    A row is counted as the header of a table would count: the first FAQ is row 2. What an FAQ does
    not name is None. Raises ``Unreadable``.
    """
    found = loaded(data, limits)
    if isinstance(found, RepeatedName):
        raise refused(f"the file has {shown(found.name)} twice")
    faqs = found.get("faqs") if isinstance(found, dict) else found
    if not isinstance(faqs, list):
        raise refused('the file is not a list of FAQs, nor {"faqs": [...]}')
    if len(faqs) > limits.rows:
        raise refused(f"there are {len(faqs):,} FAQs; at most {limits.rows:,} are taken")
    rows = [Row(1, COLUMNS)]
    for number, faq in enumerate(faqs, start=2):
        if not isinstance(faq, dict):
            problems.add(number, None, "is not an object")
            continue
        if isinstance(faq, RepeatedName):
            problems.add(number, None, f"has {_short(faq.name)} twice")
        unknown = [shown(name) for name in faq if name not in COLUMNS]
        if unknown:
            problems.add(number, None, f"has unknown names: {', '.join(unknown[:5])}")
        rows.append(Row(number, tuple(_cell(name, faq) for name in COLUMNS)))
    return rows


def _short(name: str) -> str:
    return name if name in COLUMNS else shown(name)


def _cell(name: str, faq: dict[str, Any]) -> Cell | None:
    if name not in faq:
        # Without these there is no FAQ.
        return "" if name in ("id", "question", "answer") else None
    value = faq[name]
    if name == ALTERNATES and isinstance(value, list):
        return _lines(value)
    if value is None or isinstance(value, str):
        return value or ""
    if name in FLAGS and isinstance(value, bool):
        return "yes" if value else "no"
    if name in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return Invalid(f"is {_kind(value)}, not a text")


def _lines(phrasings: list[Any]) -> Cell:
    for phrasing in phrasings:
        if not isinstance(phrasing, str):
            return Invalid(f"one of them is {_kind(phrasing)}, not a text")
        if "\n" in phrasing.strip() or "\r" in phrasing.strip():
            return Invalid(f"{shown(phrasing)} has more than one line")
    return "\n".join(phrasings)


def _kind(value: object) -> str:
    kinds = {dict: "an object", RepeatedName: "an object", list: "a list", type(None): "null"}
    return kinds.get(type(value), "a truth value" if isinstance(value, bool) else "a number")


def write_json(drafts: Iterable[Draft]) -> bytes:
    listed = [{"id": each.content.slug, **_without_slug(each.as_dict())} for each in drafts]
    return json.dumps({"faqs": listed}, ensure_ascii=False, indent=1).encode()


def _without_slug(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if name != "slug"
    }
