"""Map client certificates to principals, as MTLS_SUBJECTS says. Pure: settings read it."""

from __future__ import annotations

import re

from audit.identity.principal import SUBJECT, Principal, Role


def principals(text: str) -> dict[str, Principal]:
    """Principals by distinguished name, from ``DN -> subject role role`` per line or semicolon.

    The name is in the format of RFC 2253, where a semicolon is ``\\;``. Raises ``ValueError`` with
    the expected format.
    """
    by_name: dict[str, Principal] = {}
    for part in re.split(r"(?<!\\);|\n", text):
        if not part.strip():
            continue
        name, _, principal = (half.strip() for half in part.rpartition("->"))
        subject, *roles = principal.split() or [""]
        if "=" not in name or not re.fullmatch(SUBJECT, subject) or not roles:
            raise ValueError(f"such as CN=shop,O=Example -> shop service, not {part.strip()!r}")
        if unknown := set(roles) - set(Role):
            raise ValueError(f"with roles of {', '.join(Role)}, not {', '.join(sorted(unknown))}")
        if name in by_name:
            raise ValueError(f"each certificate once: {name} is named twice")
        by_name[name] = Principal(subject, frozenset(map(Role, roles)))
    return by_name
