"""Whether the tables of the log are as the migrations made them.

Somebody who may change tables can divert records to another table with a rule, drop or change them
with a trigger, hide them with row level security, or put another table in their place.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import connection

from audit.log_format.verification import Break, Kind

REFUSED: dict[str, str] = import_module("audit.migrations.0004_append_only_log").REFUSED
"""The tables, and what their triggers refuse for a row."""

TRIGGER_SOURCE: str = import_module("audit.migrations.0002_append_only").REFUSE.split("$$")[1]

TRIGGERS = """
SELECT c.relname, t.tgname, t.tgenabled::text, t.tgtype,
       t.tgqual IS NULL AND t.tgattr = '', p.prosrc
  FROM pg_trigger AS t
  JOIN pg_class AS c ON c.oid = t.tgrelid
  JOIN pg_proc AS p ON p.oid = t.tgfoid
 WHERE c.relname = ANY(%(tables)s) AND NOT t.tgisinternal
   AND c.relnamespace = current_schema()::regnamespace
"""

CHANGED_TABLES = """
WITH own AS (
    SELECT * FROM pg_class
     WHERE relname = ANY(%(tables)s) AND relnamespace = current_schema()::regnamespace
)
SELECT relname, 'is no ordinary table' FROM own WHERE relkind <> 'r' OR relpersistence <> 'p'
UNION ALL
SELECT relname, 'has row level security' FROM own WHERE relrowsecurity OR relforcerowsecurity
UNION ALL
SELECT relname, 'has the rule ' || rulename FROM own JOIN pg_rewrite ON ev_class = own.oid
UNION ALL
SELECT relname, 'inherits, or is inherited from' FROM own
 WHERE EXISTS (SELECT FROM pg_inherits WHERE own.oid IN (inhrelid, inhparent))
UNION ALL
SELECT relname, 'has another of its name in schema ' || nspname
  FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
 WHERE relname = ANY(%(tables)s) AND relkind IN ('r', 'v', 'm', 'f', 'p')
   AND nspname <> current_schema() AND NOT pg_is_other_temp_schema(n.oid)
 ORDER BY 1, 2
"""

# Of pg_trigger.tgtype: what a trigger fires on.
ROW, BEFORE, DELETE, UPDATE, TRUNCATE = 1, 2, 8, 16, 32
ALWAYS = "A"


def changed_tables() -> list[Break]:
    """What differs from the tables and triggers of the migrations; empty if nothing does."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS, {"tables": list(REFUSED)})
        triggers = cursor.fetchall()
        cursor.execute(CHANGED_TABLES, {"tables": list(REFUSED)})
        changed = [f"{table} {change}" for table, change in cursor.fetchall()]
    required = _required_triggers()
    changed += [
        f"{table} has the unknown trigger {name}"
        for table, name, *_ in triggers
        if (table, name) not in required
    ]
    return [
        *_disabled_triggers(triggers, required),
        *(Break(Kind.TABLE_CHANGED, detail) for detail in changed),
    ]


def _required_triggers() -> dict[tuple[str, str], int]:
    """The triggers that refuse changes, by table and name, with what they fire on."""
    required = {}
    for table, events in REFUSED.items():
        on_rows = ROW | BEFORE | UPDATE | (DELETE if "DELETE" in events else 0)
        required[table, f"{table}_rows"] = on_rows
        required[table, f"{table}_truncate"] = BEFORE | TRUNCATE
    return required


def _disabled_triggers(
    triggers: list[tuple[Any, ...]], required: dict[tuple[str, str], int]
) -> list[Break]:
    firing = {
        (table, name): kind
        for table, name, enabled, kind, whole, source in triggers
        if enabled == ALWAYS and whole and source == TRIGGER_SOURCE
    }
    missing = sorted(
        name for (table, name), kind in required.items() if firing.get((table, name)) != kind
    )
    if not missing:
        return []
    return [Break(Kind.TRIGGERS_DISABLED, f"{', '.join(missing)} would allow changes")]
