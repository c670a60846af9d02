"""Map claims of a token or a sign-in to roles of this site. Pure.

A provider has its own group names. A path selects the claim, a map translates its names, and names
that are not in the map are ignored. ``is_staff`` in a token is never used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

WORDS_IN_ONE_TEXT = ("scope", "scp")
"""Claims that hold several names in one text, separated by spaces: RFC 8693 section 4.2, Entra."""

USUAL_CLAIMS = ("role", "roles")

RoleMap = Mapping[str, frozenset[str]]
"""Roles of this site by a provider's name; empty: names are not translated."""


def parse_map(text: str, allowed: Collection[str]) -> RoleMap:
    """``Support Desk=support; kb-editors=curator publisher`` as a map.

    Entries are separated by semicolons, roles by spaces. The last ``=`` counts, so that a
    distinguished name such as ``CN=Support,OU=Groups`` needs no quoting. Raises ``ValueError``.
    """
    mapping: dict[str, frozenset[str]] = {}
    for entry in filter(None, map(str.strip, text.split(";"))):
        name, _, roles = entry.rpartition("=")
        roles_of_entry = frozenset(roles.split())
        if not name.strip() or not roles_of_entry:
            raise ValueError(f"like 'Support Desk=support; editors=curator', not {entry!r}")
        if not roles_of_entry <= set(allowed):
            unknown = ", ".join(sorted(roles_of_entry - set(allowed)))
            raise ValueError(f"made of {', '.join(allowed)}, not {unknown}")
        mapping[name.strip()] = mapping.get(name.strip(), frozenset()) | roles_of_entry
    return mapping


def role_names(claims: Mapping[str, Any], path: str, role_map: RoleMap) -> frozenset[str]:
    """The names at ``path``, translated by ``role_map`` unless it is empty.

    With an empty ``path`` the claims ``role`` and ``roles`` count. Some names may be no role.
    """
    paths = [path] if path else USUAL_CLAIMS
    names = {name for item in paths for name in names_at(claims, item)}
    if not role_map:
        return frozenset(names)
    return frozenset(role for name in names for role in role_map.get(name, ()))


def names_at(claims: Mapping[str, Any], path: str) -> Iterator[str]:
    """The strings of a claim: the items of a list, a string itself; none for other types."""
    value = value_at(claims, path)
    if isinstance(value, str):
        yield from value.split() if _is_words(path) else [value]
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def _is_words(path: str) -> bool:
    return path.rpartition(".")[2] in WORDS_IN_ONE_TEXT


def value_at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim called ``path``, or the one its dots lead to; None if there is none.

    A name may hold dots itself (``https://example.com/roles``, Keycloak's client ids): the longest
    name that exists is tried first.
    """
    if path in claims:
        return claims[path]
    for dot in reversed([at for at, letter in enumerate(path) if letter == "."]):
        inner = claims.get(path[:dot])
        if isinstance(inner, Mapping):
            value = value_at(inner, path[dot + 1 :])
            if value is not None:
                return value
    return None
