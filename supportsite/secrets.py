"""The site's secrets: created once by ``make run``, in ``STATE_DIR``, readable by the owner alone.

An environment variable of the same name, or the file that NAME_FILE names, always wins. Only
``create`` writes a secret, and only ``python -m supportsite.secrets`` calls it.
"""

from __future__ import annotations

import os
import re
import secrets
from itertools import pairwise
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from supportsite import env, env_file

MIN_LENGTH = 32
"""RFC 7518 section 3.2: an HS256 key has at least 256 bits."""

NAMES = ("SECRET_KEY", "JWT_SECRET", "AUDIT_MAC_KEY", "AUDIT_SIGNING_KEY")

EXAMPLE_SECRETS = (
    *("change-me", "changeme", "change_me", "changeit", "replace-me", "replace_me", "placeholder"),
    *("django-insecure", "only-for-debugging", "insecure", "supersecret", "super-secret"),
    *("your-secret", "your_secret", "yoursecret", "default-secret", "not-a-secret"),
    # jwt.io, past and present; Express; xkcd 936
    *("256-bit-secret", "a-string-secret", "keyboard cat", "correct-horse", "correcthorse"),
)
"""Values of examples, tutorials and DEBUG; a secret must not contain any of them."""

EXAMPLE_PREFIXES = ("secret", "password", "passwort", "example", "test", "admin", "qwert")

HINT = (
    f"Set it to {MIN_LENGTH} or more random characters, for example "
    'with python -c "import secrets; print(secrets.token_urlsafe(48))".'
)


def weakness(value: str) -> str:
    """Why a secret is weak, as the end of a sentence; empty for a good secret."""
    if not value:
        return "is not set"
    if len(value) < MIN_LENGTH:
        return f"is shorter than {MIN_LENGTH} characters"
    lower = value.lower()
    if lower.startswith(EXAMPLE_PREFIXES) or any(example in lower for example in EXAMPLE_SECRETS):
        return "is a well-known value"
    if len(set(value)) < 10:
        return "has too few different characters"
    # A text repeats itself if it occurs inside its own double. Separators do not count.
    letters = re.sub(r"[\W_]", "", lower)
    if letters in (letters + letters)[1:-1]:
        return "repeats itself"
    if _is_sentence(value):
        return "consists of words"
    steps = [abs(ord(after) - ord(before)) for before, after in pairwise(value)]
    if sum(step <= 1 for step in steps) > len(steps) / 2:
        return "is a sequence such as abcd"
    return ""


def _is_sentence(value: str) -> bool:
    """True if four or more words make up three quarters of the text, as in a passphrase."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", value)
    separate = [word for word in words if re.search(rf"(?<![^\W_]){word}(?![^\W_])", value)]
    return len(separate) >= 4 and sum(map(len, separate)) > 0.75 * len(value)


def read(name: str, state_dir: Path) -> str:
    """The secret from the environment or from STATE_DIR, or empty."""
    value = env.text(name)
    if value:
        return value
    try:
        return _file(name, state_dir).read_text().strip()
    except FileNotFoundError:
        return ""


def require(name: str, value: str) -> None:
    """Raise ``ImproperlyConfigured`` unless the secret is a good one."""
    reason = weakness(value)
    if reason and not value:
        raise ImproperlyConfigured(
            f"{name} {reason}. `make run` creates it. If your site runs with another STATE_DIR, "
            f"put STATE_DIR=FOLDER before the command. Without `make run`: {HINT}"
        )
    if reason:
        raise ImproperlyConfigured(f"{name} {reason}. {HINT}")


def create(name: str, state_dir: Path) -> None:
    """Create a secret unless there is one already."""
    if read(name, state_dir):
        return
    write_private(_file(name, state_dir), secrets.token_urlsafe(48))


def write_private(file: Path, value: str) -> None:
    """Write a file that only its owner can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(value + "\n")


def _file(name: str, state_dir: Path) -> Path:
    return state_dir / "secrets" / name.lower()


def main() -> None:
    """``python -m supportsite.secrets``: create missing secrets before settings are first read."""
    env_file.load()
    state_dir = env.path("STATE_DIR", Path(__file__).resolve().parent.parent / "var")
    try:
        for name in NAMES:
            create(name, state_dir)
    except OSError as failure:
        raise SystemExit(
            f"STATE_DIR {state_dir} cannot be used ({failure.strerror}): choose another folder."
        ) from None


if __name__ == "__main__":
    main()
