"""Take a person out of whatever the site keeps, as far as each app knows where they are.

The apps say so themselves: ``settings.AUDIT_ERASERS`` are the dotted names of functions that are
called in the transaction in which the person's key is destroyed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from audit.people.pseudonyms import known_as

ERASED = "[ERASED]"
"""Stands where a text stood, if the row has to stay."""


@dataclass(frozen=True)
class Person:
    """Whom to erase: the name as given, and what stays in its place, such as ``(p-9f86...)``."""

    name: str
    left: str

    @property
    def names(self) -> frozenset[str]:
        """Under which the tables may have them."""
        return frozenset({self.name, known_as(self.name)})


Eraser = Callable[[Person], Mapping[str, int]]
"""Returns how many rows of which table it emptied or deleted."""


def erase(person: Person) -> dict[str, int]:
    """Rows by table."""
    rows: Counter[str] = Counter()
    for name in settings.AUDIT_ERASERS:
        eraser: Eraser = import_string(name)
        rows.update(eraser(person))
    return {table: count for table, count in sorted(rows.items()) if count}
