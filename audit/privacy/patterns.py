"""Patterns of personal data with letters or punctuation: e-mail addresses, IBANs and IP addresses.

Pure. Every finder takes text folded by ``redaction`` and yields spans from left to right. Kinds
that consist of digits alone need their context: see ``id_numbers``.
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
# %40 is how the @ of an address is written inside a URL. An @ or a dot may be spelled out, in
# brackets or as a word between blanks.
_OPEN, _CLOSE = r" ?[\[({<] ?", r" ?[\])}>] ?"
_DOT = rf"{_OPEN}(?:dot|\.){_CLOSE}| dot "
_AT = re.compile("@|%40")
_SPELLED_AT = re.compile(rf"{_OPEN}(?:at|@){_CLOSE}| at ", re.IGNORECASE)
# Matched against reversed text, which is how the part before an @ is read without trying
# every position of a long word as its beginning.
_LOCAL_REVERSED = re.compile(r"""[\w!#$%&'*+?^`{|}~.-]{1,254}|"[^"\n]{1,64}["]""")
_SPELLED_LOCAL_REVERSED = re.compile(
    r"[\w.+-]{1,64}(?:(?: ?[\])}>] ?(?:tod|\.) ?[\[({<] ?| tod )[\w.+-]{1,64}){0,3}", re.IGNORECASE
)
_SPELLED_PARTS = ("dot", "at]", "at)", "at}", "at>", "at ]", "at )", "[.]", "(.)")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_TOP = r"(?:xn--[A-Za-z0-9-]{2,59}|[^\W\d_]{2,63})(?![^\W_])"
# The ideographic full stops are dots in a domain (UTS 46).
_DOMAIN = re.compile(rf"(?:{_LABEL}[.\u3002\uff61]){{1,8}}{_TOP}")
_SPELLED_DOMAIN = re.compile(rf"(?:{_LABEL}(?:{_DOT}|\.)){{0,4}}{_LABEL}(?:{_DOT}){_TOP}", re.I)
# Quotation marks and brackets wrap an address more often than they begin one.
_WRAPPING = "'`*|{}?.!#&-"


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses with a dotted domain, in any script, quoted local parts included.

    Also with one blank behind the @, and spelled out: ``jane [at] example [dot] com``.
    """
    signs = [(at, _LOCAL_REVERSED) for at in _AT.finditer(text)]
    if may_spell_email(text):
        signs += [(at, _SPELLED_LOCAL_REVERSED) for at in _SPELLED_AT.finditer(text)]
        signs.sort(key=lambda sign: sign[0].start())
    free = 0
    for at, local_reversed in signs:
        domain = _domain_after(text, at)
        if domain is None:
            continue
        before = text[max(free, at.start() - _ADDRESS_LENGTH) : max(free, at.start())]
        local = local_reversed.match(before[::-1])
        if local is None:
            continue
        written = local[0][::-1]
        start = at.start() - len(written.lstrip(_WRAPPING) or written)
        free = domain.end()
        yield Span(start, free, Kind.EMAIL)


def may_spell_email(text: str) -> bool:
    """Whether an e-mail address may be spelled out in ``text``; False is certain."""
    lowered = text.lower()
    return any(part in lowered for part in _SPELLED_PARTS)


def _domain_after(text: str, at: re.Match[str]) -> re.Match[str] | None:
    start, end = at.end(), at.end() + _ADDRESS_LENGTH
    if spelled := _SPELLED_DOMAIN.match(text, start, end):
        return spelled
    # " at " alone is an everyday word: then the dot has to be spelled out too.
    if at[0].strip().isalpha():
        return None
    return _DOMAIN.match(text, start + (text[start : start + 1] == " "), end)


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
# A search that begins with digits skips words quickly; the country stands in the lookbehind. It may
# be set apart ("DE 89 3704"), or the word IBAN stand right before it.
_IBAN_CHECK_DIGITS = re.compile(
    r"[0-9]{2}(?:"
    r"(?:(?<=[A-Z]{2}[0-9]{2})|(?<=[a-z]{2}[0-9]{2}))"
    r"(?:(?<![A-Za-z0-9][A-Za-z]{2}[0-9]{2})|(?<=(?i:iban)[A-Za-z]{2}[0-9]{2}))"
    r"|(?P<apart>(?<=[A-Z]{2} [0-9]{2})(?<![A-Za-z0-9][A-Z]{2} [0-9]{2}))"
    r")"
)
_GLUE = re.compile(r"[A-Za-z0-9]")
_IBAN_CHARACTER = re.compile(
    r"(?:[ \t]{1,2}|[./,_|\u00b7-]| {0,2}\r?\n {0,2})?(?P<character>[A-Za-z0-9])"
)
_IBAN_IN_FOURS = re.compile(
    r"[A-Z]{2} [0-9]{2}(?:\s{1,3}[A-Z0-9]{4}){2,7}(?:\s{1,3}[A-Z0-9]{1,4})?"
)


def ibans(text: str) -> Iterator[Span]:
    """IBANs of the right length for their country whose check digits hold (ISO 7064, mod 97).

    Between two characters up to two blanks, one line end or one mark may stand.
    """
    free = 0
    for digits in _IBAN_CHECK_DIGITS.finditer(text):
        is_apart = digits["apart"] is not None
        start = digits.start() - 2 - is_apart
        length = _IBAN_LENGTHS.get(text[start : start + 2].upper())
        end = _end_of_iban(text, start, length) if length and start >= free else None
        # "IT 24 ..." begins a sentence more often than an IBAN.
        if end is not None and (not is_apart or _IBAN_IN_FOURS.fullmatch(text, start, end)):
            yield Span(start, end, Kind.IBAN)
            free = end


def _end_of_iban(text: str, start: int, length: int) -> int | None:
    characters = []
    end = start
    for _ in range(length):
        character = _IBAN_CHARACTER.match(text, end)
        if character is None:
            return None
        characters.append(character["character"])
        end = character.end()
    if _GLUE.match(text, end):
        return None
    iban = "".join(characters)
    # An IBAN is all capitals, or typed all small; mixed letters are some other code.
    if iban not in (iban.upper(), iban.lower()):
        return None
    rearranged = iban[4:] + iban[:4]
    remainder = int("".join(str(int(character, 36)) for character in rearranged)) % 97
    return end if remainder == 1 else None


_TWO_COLONS = re.compile(":[0-9A-Fa-f]{0,4}:")
_IPV6 = re.compile(
    # A word and a colon may stand before an address ("host:2001:db8::1"), digits and a colon not.
    r"(?=[0-9A-Fa-f]{0,4}:)(?:(?<![A-Za-z0-9_:.])|(?<=[A-Za-z]:)|(?<=[vV][46]:))"
    r"(?P<host>(?P<address>[0-9A-Fa-f:]{2,39}(?:\.[0-9]{1,3}){0,3}+(?:(?<=::)|(?<!:)))"
    r"(?![A-Za-z0-9_]|\.[0-9]|:[0-9A-Fa-f:])(?:%[A-Za-z0-9]{1,16})?)"
    r"(?:/(?P<network>[0-9]{1,3})(?![0-9]))?"
)
_IPV4 = re.compile(
    # A fifth part is a port, as packet dumps write it.
    r"(?P<host>(?P<address>[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}))(?P<port>\.[0-9]{1,5})?"
    r"(?![A-Za-z0-9_]|\.[0-9])(?:/(?P<network>[0-9]{1,2})(?!\.?[0-9]))?"
)
_NAME_BEFORE = re.compile(r"[A-Za-z0-9_]\Z|[0-9]\.\Z")
_ADDRESS_BEFORE = re.compile(r"\b(?:ip|ipv6|addr|address|host|listen|bind)\b|\[\Z", re.I)
# Versions of programs and numbers of sections have four parts too.
_VERSION_BEFORE = re.compile(
    r"\b(?:version|release|build|firmware|driver|upgrade to|ver|v|ios|ipados|macos|android|chrome"
    r"|firefox|section|chapter|clause|article)[ .:]{0,2}\Z",
    re.IGNORECASE,
)
_DIGIT = re.compile("[0-9]")
_CONTEXT = 24


def ipv6s(text: str) -> Iterator[Span]:
    """IPv6 addresses, with their zone and network length where written."""
    if not _TWO_COLONS.search(text):
        return
    for match in _IPV6.finditer(text):
        if not _is_ipv6(match["address"]):
            continue
        # "::" is punctuation and "Face::Add" a name in code, unless a word announces an address.
        is_odd = match["address"].count(":") < 3 and not _DIGIT.search(match["address"])
        if is_odd and not (match["network"] or _ADDRESS_BEFORE.search(_before(match))):
            continue
        yield _span(match, bits=128)


def ipv4s(text: str) -> Iterator[Span]:
    """IPv4 addresses, with their network length where written."""
    if text.count(".") < 3:
        return
    for match in _IPV4.finditer(text):
        before = _before(match)
        if _NAME_BEFORE.search(before) or _VERSION_BEFORE.search(before):
            continue
        parts = match["address"].split(".")
        if max(map(int, parts)) > 255:
            continue
        # Five small numbers are likely a chapter or a version; a phone if any begins with 0.
        has_port = match["port"] is not None
        if has_port and (
            max(map(len, parts)) == 1 or any(part != str(int(part)) for part in parts)
        ):
            continue
        yield _span(match, bits=32)


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _CONTEXT) : match.start()]


def _span(match: re.Match[str], *, bits: int) -> Span:
    network = match["network"]
    is_network = network is not None and int(network) <= bits
    end = match.end() if is_network else match.end("host")
    return Span(match.start(), end, Kind.IP)


def _is_ipv6(address: str) -> bool:
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return True
