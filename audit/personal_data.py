"""What personal data looks like when letters or punctuation give it away: e-mail, IBAN and IP.

Pure. Every finder takes folded text (``redaction.fold``) and yields spans from left to right. The
kinds that are nothing but digits need their neighbours to be told apart; see ``personal_numbers``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv6Address


class Kind(StrEnum):
    """A kind of personal data; its value is the word inside the placeholder."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    CNIC = "CNIC"
    CARD = "CARD"
    IBAN = "IBAN"
    IP = "IP"

    @property
    def placeholder(self) -> str:
        """What stands in the text where the datum stood, such as ``[EMAIL]``."""
        return f"[{self.value}]"


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """Characters ``start`` up to, not including, ``end`` of a text are personal data."""

    start: int
    end: int
    kind: Kind


# The whole address may have 254 characters, a label of its domain 63 (RFC 5321, RFC 1035).
_ADDRESS_LENGTH = 254
# %40 is how the @ of an address is written inside a URL.
_AT = re.compile("@|%40")
# Matched against reversed text, which is how the part before an @ is read without trying
# every position of a long word as its beginning.
_LOCAL_REVERSED = re.compile(r"""[\w!#$%&'*+?^`{|}~.-]{1,254}|"[^"\n]{1,64}["]""")
_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[^\W\d_]{2,63})(?![^\W_])"
)
# Quotation marks and brackets wrap an address more often than they begin one.
_WRAPPING = "'`*|{}?.!#&-"


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses with a dotted domain, in any script, quoted local parts included."""
    free = 0
    for at in _AT.finditer(text):
        domain = _DOMAIN.match(text, at.end(), at.end() + _ADDRESS_LENGTH)
        if domain is None:
            continue
        before = text[max(free, at.start() - _ADDRESS_LENGTH) : at.start()]
        local = _LOCAL_REVERSED.match(before[::-1])
        if local is None:
            continue
        written = local[0][::-1]
        start = at.start() - len(written.lstrip(_WRAPPING) or written)
        free = domain.end()
        yield Span(start, free, Kind.EMAIL)


# Length of an IBAN by country: SWIFT, IBAN Registry, ISO 13616.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])(?:[A-Z]{2}|[a-z]{2})[ -]?[0-9]{2}(?=[ -]?[A-Za-z0-9])")
_IBAN_CHARACTER = re.compile(r"[ -]?([A-Za-z0-9])")


def ibans(text: str) -> Iterator[Span]:
    """IBANs of the right length for their country whose check digits hold (ISO 7064, mod 97)."""
    for start in _IBAN_START.finditer(text):
        country = start[0][:2].upper()
        end = _end_of_iban(text, start.start(), _IBAN_LENGTHS.get(country, 0))
        if end is not None:
            yield Span(start.start(), end, Kind.IBAN)


def _end_of_iban(text: str, start: int, length: int) -> int | None:
    characters = []
    end = start
    for _ in range(length):
        character = _IBAN_CHARACTER.match(text, end)
        if character is None:
            return None
        characters.append(character[1])
        end = character.end()
    if not characters or text[end : end + 1].isalnum():
        return None
    iban = "".join(characters)
    # An IBAN is all capitals, or typed all small; mixed letters are some other code.
    if iban not in (iban.upper(), iban.lower()):
        return None
    rearranged = iban[4:] + iban[:4]
    remainder = int("".join(str(int(character, 36)) for character in rearranged)) % 97
    return end if remainder == 1 else None


_IPV4 = re.compile(
    r"(?<![A-Za-z0-9_.])(?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?![A-Za-z0-9_]|\.[0-9])"
    r"(?:/(?P<network>[0-9]{1,2})(?![0-9]))?"
)
# A word and a colon may stand before an address ("host:2001:db8::1"), a number and a colon may not.
_IPV6 = re.compile(
    r"(?:(?<![A-Za-z0-9_:.])|(?<=[A-Za-z]:))"
    r"(?P<address>[0-9A-Fa-f:]{2,39}(?:\.[0-9]{1,3}){0,3}+(?:(?<=::)|(?<!:)))"
    r"(?![A-Za-z0-9_]|\.[0-9]|:[0-9A-Fa-f:])"
    r"(?:%[A-Za-z0-9]{1,16})?(?:/(?P<network>[0-9]{1,3})(?![0-9]))?"
)
# Versions of programs have four parts too.
_VERSION_BEFORE = re.compile(r"\b(?:version|release|build|firmware|upgrade to|ver|v)[ .:]{0,2}\Z", re.I)


def ipv6s(text: str) -> Iterator[Span]:
    """IPv6 addresses, with their zone and network length where written."""
    if text.count(":") < 2:
        return
    for found in _IPV6.finditer(text):
        if _is_ipv6(found["address"]):
            yield _ip(found, bits=128)


def ipv4s(text: str) -> Iterator[Span]:
    """IPv4 addresses, with their network length where written."""
    if text.count(".") < 3:
        return
    for found in _IPV4.finditer(text):
        before = text[max(0, found.start() - 16) : found.start()]
        if _is_ipv4(found["address"]) and not _VERSION_BEFORE.search(before):
            yield _ip(found, bits=32)


def _ip(found: re.Match[str], *, bits: int) -> Span:
    network = found["network"]
    written_well = network is None or int(network) <= bits
    return Span(found.start(), found.end() if written_well else found.end("address"), Kind.IP)


def _is_ipv4(address: str) -> bool:
    return all(int(part) <= 255 for part in address.split("."))


def _is_ipv6(address: str) -> bool:
    groups = [group for group in address.split(":") if group]
    # Two words of the letters a to f around "::" are a name in a program: "Face::Add".
    if len(groups) < 3 and not any(character.isdigit() for character in address):
        return False
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return True
