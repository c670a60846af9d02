"""Whether the audit trail's tables are as the site made them, for /readyz and Prometheus."""

from __future__ import annotations

from threading import Lock
from typing import Any

from cachetools import TTLCache, cached

from audit.log_format.verification import Break
from audit.sealing import log_reader, table_checks

PEOPLE_SECONDS = 60.0
"""Interval of the check of all people's keys, in each process: it reads every row."""


class Tampered(Exception):
    """Somebody changed the audit trail; the text says what."""


def audit_trail() -> str:
    """One line for operators. Raises ``Tampered``."""
    for problem in (*table_checks.changed_tables(), _changed_people()):
        if problem:
            raise Tampered(f"{problem}: run manage.py audit_verify")
    return "tables and names are as the site made them"


_checked: TTLCache[Any, Break | None] = TTLCache(1, PEOPLE_SECONDS)


@cached(_checked, lock=Lock())
def _changed_people() -> Break | None:
    return log_reader.changed_people()


def clear_cache() -> None:
    """For tests: check the keys again at the next call."""
    _checked.clear()
