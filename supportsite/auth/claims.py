"""What a token or a sign-in claims -> roles of ours. Pure.

A provider names its groups as it likes. A claim is found by a path, its names are translated by a
map, and whatever is not on the map is dropped. Django's own ``is_staff`` is never looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

WORDS_IN_ONE_TEXT = ("scope", "scp")
"""Claims that hold several names in one text, separated by spaces: RFC 8693 section 4.2, Entra."""

USUAL_CLAIMS = ("role", "roles")

Map = Mapping[str, frozenset[str]]
"""A provider's name -> roles of ours; empty: names are taken as they are."""


def parse_map(text: str, known: Collection[str]) -> Map:
    """``Support Desk=support; kb-editors=curator publisher`` as a map.

    Entries are separated by semicolons, roles by spaces. The last ``=`` counts, so that a
    directory's name such as ``CN=Support,OU=Groups`` can be written down as it is.
    """
    found: dict[str, frozenset[str]] = {}
    for entry in filter(None, map(str.strip, text.split(";"))):
        name, _, roles = entry.rpartition("=")
        named = frozenset(roles.split())
        if not name.strip() or not named:
            raise ValueError(f"like 'Support Desk=support; editors=curator', not {entry!r}")
        if not named <= set(known):
            strangers = ", ".join(sorted(named - set(known)))
            raise ValueError(f"made of {', '.join(known)}, not {strangers}")
        found[name.strip()] = found.get(name.strip(), frozenset()) | named
    return found


def granted(claims: Mapping[str, Any], path: str, translated: Map) -> frozenset[str]:
    """The names at ``path``, translated; without a map as they are. The caller drops strangers."""
    paths = [path] if path else USUAL_CLAIMS
    names = {name for each in paths for name in names_at(claims, each)}
    if not translated:
        return frozenset(names)
    return frozenset(role for name in names for role in translated.get(name, ()))


def names_at(claims: Mapping[str, Any], path: str) -> Iterator[str]:
    """The texts a claim holds: of a list each, of a text itself, of anything else none."""
    value = value_at(claims, path)
    if isinstance(value, str):
        yield from value.split() if _is_words(path) else [value]
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))


def _is_words(path: str) -> bool:
    return path.rpartition(".")[2] in WORDS_IN_ONE_TEXT


def value_at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim called ``path``, or the one its dots lead to; None if there is none.

    A name may hold dots itself (``https://example.com/roles``, Keycloak's client ids): the longest
    name that is there is followed first.
    """
    if path in claims:
        return claims[path]
    for dot in reversed([at for at, letter in enumerate(path) if letter == "."]):
        inner = claims.get(path[:dot])
        if isinstance(inner, Mapping):
            found = value_at(inner, path[dot + 1 :])
            if found is not None:
                return found
    return None
