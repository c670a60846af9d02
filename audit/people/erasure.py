"""Erase a person from the tables of every app.

``settings.AUDIT_ERASERS`` are dotted names of functions, one or more per app. They run in the
transaction that deletes the person's key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from audit.people.pseudonyms import stored_name

ERASED = "[ERASED]"
"""Replaces a text if its row has to stay."""


@dataclass(frozen=True)
class Person:
    """Whom to erase, and the text that replaces the name, such as ``(p-9f86...)``."""

    name: str
    replacement: str

    @property
    def names(self) -> frozenset[str]:
        """The names under which tables may store the person."""
        return frozenset({self.name, stored_name(self.name)})


Eraser = Callable[[Person], Mapping[str, int]]
"""Returns the number of rows cleared or deleted, by table."""


def erase(person: Person) -> dict[str, int]:
    """Run every app's eraser; the number of rows by table."""
    rows: Counter[str] = Counter()
    for name in settings.AUDIT_ERASERS:
        eraser: Eraser = import_string(name)
        rows.update(eraser(person))
    return {table: count for table, count in sorted(rows.items()) if count}
