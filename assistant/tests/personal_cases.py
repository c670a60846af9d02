"""Made-up personal data, by the rules of each kind: nobody's, and valid as somebody's would be.

Texts of one's own are read instead from the JSON lines that PERSONAL_CASES names (see
``benchmarks/scoring.py``).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

from benchmarks.scoring import POSITIVE, Case, read_cases

EACH = 3
"""Of every kind."""

Random = random.Random

TEXTS = (
    "My {kind} is {value}, please change it.",
    "where is my order? {value}",
    "{value}",
    "I wrote from {value} ({kind}) last week and nobody answered",
    "Delete {kind} {value} and every copy of it!",
)


def cases() -> list[tuple[str, tuple[str, ...]]]:
    """Texts, each with the values in it that must not be kept anywhere."""
    path = os.environ.get("PERSONAL_CASES")
    if path:
        with Path(path).open(encoding="utf-8") as lines:
            return [_values(case) for case in read_cases(lines) if case.suite == POSITIVE]
    return list(_made())


def _values(case: Case) -> tuple[str, tuple[str, ...]]:
    return case.text, tuple(case.text[span.start : span.end] for span in case.spans)


def _made() -> Iterator[tuple[str, tuple[str, ...]]]:
    chosen = Random(20)
    texts = cycle(TEXTS)
    for kind, make in MAKERS.items():
        for _ in range(EACH):
            value = make(chosen)
            yield next(texts).format(kind=kind, value=value), (value,)


def _digits(chosen: Random, count: int) -> str:
    return "".join(chosen.choices("0123456789", k=count))


def _email(chosen: Random) -> str:
    letters = "".join(chosen.choices("abcdefghkmnrstuvz", k=8))
    return f"{letters}.{_digits(chosen, 2)}@{chosen.choice(('shop', 'mail'))}.example"


def _phone(chosen: Random) -> str:
    mobile = f"3{chosen.choice('0123')}{chosen.choice('0123456789')}"
    rest = f"{chosen.choice('123456789')}{_digits(chosen, 6)}"
    return chosen.choice((f"0{mobile} {rest}", f"+92 {mobile} {rest}", f"+92{mobile}{rest}"))


def _cnic(chosen: Random) -> str:
    province = chosen.choice("12345678")
    value = f"{province}{_digits(chosen, 4)}-{_digits(chosen, 7)}-{_digits(chosen, 1)}"
    urdu = {ord(str(digit)): 0x6F0 + digit for digit in range(10)}
    return value.translate(urdu) if chosen.random() < 0.3 else value


def _card(chosen: Random) -> str:
    digits = "4" + _digits(chosen, 14)
    doubled = [int(d) * (2 - place % 2) for place, d in enumerate(digits)]
    total = sum(number - 9 * (number > 9) for number in doubled)
    digits += str(-total % 10)
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))


def _iban(chosen: Random) -> str:
    account = "SCBL" + _digits(chosen, 16)
    number = int("".join(str(int(character, 36)) for character in f"{account}PK00"))
    return f"PK{98 - number % 97:02}{account}"


def _ip(chosen: Random) -> str:
    if chosen.random() < 0.3:
        return "2001:db8:" + ":".join(f"{chosen.randrange(1, 65536):x}" for _ in range(6))
    return (
        "198.51.100." + str(chosen.randrange(100, 256))
        if chosen.random() < 0.1
        else ".".join(str(chosen.randrange(100, 224)) for _ in range(4))
    )


MAKERS: dict[str, Callable[[Random], str]] = {
    "e-mail address": _email,
    "phone number": _phone,
    "CNIC": _cnic,
    "card": _card,
    "IBAN": _iban,
    "IP address": _ip,
}
