"""Whom a client certificate stands for, as MTLS_SUBJECTS has it. Pure: settings read it."""

from __future__ import annotations

import re

from audit.identity.principal import SUBJECT, Principal, Role


def principals(text: str) -> dict[str, Principal]:
    """By distinguished name, from lines, or parts between semicolons, ``DN -> subject role role``.

    The name is as RFC 2253 writes it, where a semicolon is ``\\;``. Raises ``ValueError`` with what
    the text should be.
    """
    found: dict[str, Principal] = {}
    for part in re.split(r"(?<!\\);|\n", text):
        if not part.strip():
            continue
        name, _, whom = (half.strip() for half in part.rpartition("->"))
        subject, *roles = whom.split() or [""]
        if "=" not in name or not re.fullmatch(SUBJECT, subject) or not roles:
            raise ValueError(f"such as CN=shop,O=Example -> shop service, not {part.strip()!r}")
        if unknown := set(roles) - set(Role):
            raise ValueError(f"with roles of {', '.join(Role)}, not {', '.join(sorted(unknown))}")
        if name in found:
            raise ValueError(f"with each certificate once: {name} is there twice")
        found[name] = Principal(subject, frozenset(map(Role, roles)))
    return found
