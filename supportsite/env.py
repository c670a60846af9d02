"""Typed readers of environment variables. Their errors name the variable.

A variable that is set but empty counts as unset, as in a compose file's ``NAME=``. Any variable
can also come from a file: with ``NAME_FILE=/run/secrets/name``, NAME is the content of that file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


_names: set[str] = set()


def names_read() -> frozenset[str]:
    """Every variable that this process has read or looked up."""
    return frozenset(_names)


def text(name: str, default: str = "") -> str:
    """The variable, else the content of the file that ``NAME_FILE`` names, else ``default``."""
    _names.add(name)
    return os.environ.get(name, "").strip() or _from_file(name) or default


def _from_file(name: str) -> str:
    """The content of the file that ``NAME_FILE`` names; an unreadable file is an error."""
    file = os.environ.get(f"{name}_FILE", "").strip()
    if not file:
        return ""
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise ImproperlyConfigured(
            f"{name}_FILE must name a readable file, not {file} ({_reason(failure)})."
        ) from None


def _reason(failure: OSError | UnicodeDecodeError) -> str:
    return failure.strerror or "" if isinstance(failure, OSError) else "not a text"


def flag(name: str, default: bool) -> bool:
    """A switch: true, yes, on or 1, or their opposites, in any case."""
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def parsed(name: str, default: str, parse: Callable[[str], T]) -> T:
    """The parsed text. ``parse`` raises ``ValueError`` with the expected format."""
    try:
        return parse(text(name, default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be {error}.") from None


def one_of(*words: str) -> Callable[[str], str]:
    """A parser for ``parsed`` that accepts only these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"{' or '.join(words)}, not {text!r}")
        return text

    return parse


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """A whole number from ``minimum`` to ``maximum``, both included."""
    value = text(name)
    try:
        number = int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name} must be from {minimum} to {maximum}, not {number}.")
    return number


def fraction(name: str, default: float) -> float:
    """A number from 0 to 1, such as a similarity threshold."""
    value = text(name)
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}.") from None
    # Written so that nan fails it.
    if not 0.0 <= number <= 1.0:
        raise ImproperlyConfigured(f"{name} must be between 0 and 1, not {number}.")
    return number


def comma_separated(name: str, default: list[str]) -> list[str]:
    """Names separated by commas."""
    value = text(name)
    if not value:
        return default
    return [part.strip() for part in value.split(",") if part.strip()]


def path(name: str, default: Path) -> Path:
    """An absolute path; a relative one counts from the working directory."""
    value = text(name)
    return Path(value).expanduser().resolve() if value else default


def at_most_one(*names: str) -> None:
    """Raise ``ImproperlyConfigured`` if more than one of these variables is set."""
    present = [name for name in names if text(name)]
    if len(present) > 1:
        raise ImproperlyConfigured(f"Set one of {', '.join(names)}, not {' and '.join(present)}.")


def requires(first: str, *others: str) -> None:
    """Raise ``ImproperlyConfigured`` if ``first`` is set and one of ``others`` is not."""
    missing = [name for name in others if text(first) and not text(name)]
    if missing:
        raise ImproperlyConfigured(f"{first} needs {' and '.join(missing)} too.")
