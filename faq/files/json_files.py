"""JSON files of FAQs. Pure: no Django, no database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from faq.content import Draft
from faq.files.csv_files import decode_utf8
from faq.files.row import ALTERNATES, FAQ_COLUMNS, OWN_COLUMNS
from faq.files.tables import (
    Cell,
    Invalid,
    Limits,
    Problems,
    Row,
    check_size,
    short_repr,
    unreadable,
)

COLUMNS = (*FAQ_COLUMNS, ALTERNATES, *OWN_COLUMNS)
NUMBERS = ("threshold", "margin")
FLAGS = ("retired",)

MAX_VALUES = 2_000_000
"""Estimated from brackets and commas before parsing, since a parsed value takes up to 30 times its
size in the file."""


class RepeatedName(dict[str, Any]):
    """An object with a repeated name; Python's parser would keep the last value."""

    name = ""


def parse_json(data: bytes, limits: Limits) -> Any:
    """The document in a JSON file (RFC 8259). Raises ``Unreadable``."""
    check_size(data, limits)
    if sum(data.count(mark) for mark in (b"{", b"[", b",")) > MAX_VALUES:
        raise unreadable(f"the file has over {MAX_VALUES:,} values")
    try:
        return json.loads(
            decode_utf8(data), object_pairs_hook=_object, parse_constant=_reject_constant
        )
    except (ValueError, RecursionError):
        raise unreadable("the file is not JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    repeated = RepeatedName(values)
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            repeated.name = name
            break
        seen.add(name)
    return repeated


def _reject_constant(name: str) -> None:
    raise unreadable(f"the file is not JSON: {name} is not a JSON number (RFC 8259)")


def read_json(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    """``{"faqs": [{"id": …, "alternates": […], …}]}``, or the list alone.

    Rows are numbered as in a table with a header: the first FAQ is row 2. A missing name is
    None. Raises ``Unreadable``.
    """
    document = parse_json(data, limits)
    if isinstance(document, RepeatedName):
        raise unreadable(f"the file has {short_repr(document.name)} twice")
    faqs = document.get("faqs") if isinstance(document, dict) else document
    if not isinstance(faqs, list):
        raise unreadable('the file is not a list of FAQs, nor {"faqs": [...]}')
    if len(faqs) > limits.rows:
        raise unreadable(f"there are {len(faqs):,} FAQs; at most {limits.rows:,} are allowed")
    rows = [Row(1, COLUMNS)]
    for number, faq in enumerate(faqs, start=2):
        if not isinstance(faq, dict):
            problems.add(number, None, "is not an object")
            continue
        if isinstance(faq, RepeatedName):
            problems.add(number, None, f"has {_safe_name(faq.name)} twice")
        unknown = [short_repr(name) for name in faq if name not in COLUMNS]
        if unknown:
            problems.add(number, None, f"has unknown names: {', '.join(unknown[:5])}")
        rows.append(Row(number, tuple(_cell(name, faq) for name in COLUMNS)))
    return rows


def _safe_name(name: str) -> str:
    return name if name in COLUMNS else short_repr(name)


def _cell(name: str, faq: dict[str, Any]) -> Cell | None:
    if name not in faq:
        # Required: a missing value must be reported as empty.
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
    return Invalid(f"is {_kind(value)}, not a string")


def _lines(phrasings: list[Any]) -> Cell:
    for phrasing in phrasings:
        if not isinstance(phrasing, str):
            return Invalid(f"contains {_kind(phrasing)}; only strings are allowed")
        if "\n" in phrasing.strip() or "\r" in phrasing.strip():
            return Invalid(f"{short_repr(phrasing)} has more than one line")
    return "\n".join(phrasings)


def _kind(value: object) -> str:
    kinds = {dict: "an object", RepeatedName: "an object", list: "a list", type(None): "null"}
    return kinds.get(type(value), "a boolean" if isinstance(value, bool) else "a number")


def write_json(drafts: Iterable[Draft]) -> bytes:
    faqs = [{"id": draft.content.slug, **_without_slug(draft.as_dict())} for draft in drafts]
    return json.dumps({"faqs": faqs}, ensure_ascii=False, indent=1).encode()


def _without_slug(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if name != "slug"
    }
