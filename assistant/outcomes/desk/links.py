"""Links from a figure to the rows behind it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from assistant.outcomes.selection import Selection


@dataclass(frozen=True)
class Link:
    """A number with the pages of its rows."""

    text: str
    url: str
    csv: str


def query(selection: Selection, **narrowed: object) -> str:
    fields = {
        "from": selection.first,
        "to": selection.last,
        "category": selection.category,
        "audience": selection.audience,
        **narrowed,
    }
    return urlencode({name: value for name, value in fields.items() if value != ""})


def link(text: object, figure: str, selection: Selection, **narrowed: object) -> Link:
    # An empty value of ``narrowed`` is one: tickets without an assignee.
    parameters = query(selection)
    if narrowed:
        parameters = f"{parameters}&{urlencode(narrowed)}"
    page, csv = (reverse(name, args=[figure]) for name in ("outcome-rows", "outcome-rows-csv"))
    return Link(str(text), f"{page}?{parameters}", f"{csv}?{parameters}")
