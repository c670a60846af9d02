"""Numbers as people write them: groups of digits, what links them, and what leads to them.

Pure. A run is the groups of digits linked by the punctuation people put inside one number. A
number is always whole groups of one run, so ``2024 0300 1234567`` can be a year and a phone. From
each group only a bounded number of groups is read, so time grows with the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

# Characters that replace masked text. No match and no label extends across them.
MASKED = "\x00"
MASKED_PHONE = "\x01"
NO_NUMBER = "\x02"

_MAX_GROUP_LENGTH = 40
_MAX_GROUPS = 7
_MIN_DIGITS = 7
_MAX_DIGITS = 19

_LONG_NUMBER = re.compile(rf"[0-9](?:[ ()./-]{{0,5}}[0-9]){{{_MIN_DIGITS - 1}}}")
_TOKEN = re.compile(rf"[0-9]{{1,{_MAX_GROUP_LENGTH}}}|{MASKED_PHONE}{{1,64}}")
LINK = re.compile(r"\)?(?: {0,2}(?:[-/] ?)?|\.)\(?")
_MAX_LINK_LENGTH = 6
_LEAD = re.compile(r"(?:\+\(?|\(\+?)\Z")
GLUE = re.compile(r"[A-Za-z0-9_]")

# Digits that are a date, a UUID or a code printed in fours, regardless of the words around them.
# (IBANs are printed in fours; one that has not been masked has the wrong check digits.)
_LIKE_A_DATE = re.compile(r"[0-9]{1,4}([-/. ])[0-9]{1,2}\1[0-9]{1,4}(?![0-9]|[-/.][0-9])")
_MONTH, _DAY, _YEAR = "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])", "(?:19|20)[0-9]{2}"
_DATE = re.compile(rf"{_YEAR}(.){_MONTH}\1{_DAY}|{_DAY}([-/.]){_DAY}\2{_YEAR}")
_NUMBER_BEFORE = re.compile(r"[0-9][-/.]?\Z")
# Builds of programs: no phone has a group of one digit among groups joined by dots, but for its
# first (10.0.22631.4460; 1.212.555.0123 and +33.1.23.45.67.89 are phones).
_LIKE_A_BUILD = re.compile(r"(?<![0-9.+(])(?!00)[0-9]{1,5}(?:\.[0-9]{1,8}){2,5}(?![0-9]|\.[0-9])")
_ONE_DIGIT_BETWEEN = re.compile(r"\.[0-9]\.")
_HEX = "[0-9A-Fa-f]"
_UUID = re.compile(
    rf"(?<![A-Za-z0-9-]){_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}(?![A-Za-z0-9-])"
)
_CODE_IN_FOURS = re.compile(
    r"[A-Z]{2}[0-9]{2}(?<![A-Za-z0-9][A-Z]{2}[0-9]{2})(?: [A-Za-z0-9]{4}){2,7}"
    r"(?: [A-Za-z0-9]{1,4})?(?![A-Za-z0-9])"
)


class Label(Enum):
    """The kind of number that the words before it announce."""

    PHONE = auto()
    CARD = auto()
    IDENTITY = auto()
    OTHER = auto()


# English, Roman Urdu and Urdu; a plural -s may follow.
_WORDS = {
    Label.PHONE: """
        phone telephone tel mobile mob cell cellphone fax whatsapp wa call called calling dial ring
        reach contact sms answering hotline helpline landline desk office uan messages
        rabta raabta فون موبائل رابطہ رابطے کال واٹس فیکس
    """,
    Label.CARD: "card cc credit debit visa mastercard amex paypak unionpay کارڈ",
    Label.IDENTITY: "cnic nic nicop nadra identity national shanakhti شناختی",
    Label.OTHER: """
        order invoice receipt bill quotation transaction txn payment amount price total rs pkr usd
        parcel package shipment tracking consignment courier waybill awb
        reference ref booking reservation pnr ticket case complaint voucher coupon
        serial model sku imei isbn issn ean upc barcode part item product batch
        account acct iban licence license passport ssn policy registration
        version build release commit port room zip postal postcode code otp pin password
        timestamp epoch latitude longitude lat lon score population range
        about regarding آرڈر پارسل انوائس ٹریکنگ حوالہ رقم روپے
    """,
}
_LABELS = {word: label for label, words in _WORDS.items() for word in words.split()}
_POSSESSIVES = "my his her our their your mera meri hamara میرا میرے ہمارا"
_NUMBER = "number no num نمبر"
_LABELS |= {
    f"{possessive} {number}": Label.PHONE
    for possessive in _POSSESSIVES.split()
    for number in _NUMBER.split()
}
_LABELS |= dict.fromkeys(
    ["id card", "identity card", "shanakhti card", "شناختی کارڈ"], Label.IDENTITY
)
# How far a label may stand from its number, in characters.
_REACH = 40
# "order number is 467339500" is an order; "the order is late, 3001234567" need not be.
_WORDS_AFTER_OTHER = 2
_WORD = re.compile(r"[^\W\d_]{1,40}")
_LAST_WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,40}\Z")
# A label may hold a small number of its own ("phone 2:"), not a longer one.
_UNREADABLE = re.compile(r"[\x00-\x02@]|[0-9]{3}")
_BETWEEN_PHONES = re.compile(r"[\s,;/&(]{0,3}(?:and|or|aur|ya|اور|یا)?[\s,;/&(]{1,3}")


class Group(NamedTuple):
    """Digits with nothing between them; or a phone number masked in an earlier pass."""

    start: int
    end: int
    digits: str

    @property
    def is_masked_phone(self) -> bool:
        return self.digits[0] == MASKED_PHONE


class Reading(NamedTuple):
    """Neighbouring groups of a run, read as one number that ends at ``end``."""

    digits: str
    sizes: tuple[int, ...]
    end: int


@dataclass(frozen=True)
class Place:
    """A group that may begin a number, with its context."""

    text: str
    run: Sequence[Group]
    first: int
    read_to: int
    """Where the previous number ended; text before it does not describe this one."""
    after_phone: bool
    """Whether the previous number was a phone."""

    @property
    def start(self) -> int:
        return self.run[self.first].start

    @cached_property
    def lead(self) -> str:
        """The plus and the parenthesis that open the number, such as ``(+``."""
        match = _LEAD.search(self.text[max(self.read_to, self.start - 2) : self.start])
        return match[0] if match else ""

    @cached_property
    def before(self) -> str:
        """Up to two characters that stand before the number and its lead."""
        end = self.start - len(self.lead)
        return self.text[max(0, end - 2) : end]

    @cached_property
    def is_glued(self) -> bool:
        """Whether the number is the tail of a word or code: ``TBA0001``, but not ``tel0001``."""
        if not GLUE.match(self.before[-1:]):
            return False
        word = _LAST_WORD.search(self.text[max(self.read_to, self.start - _REACH) : self.start])
        return word is None or _label_of(word[0]) in (None, Label.OTHER)

    @cached_property
    def label(self) -> Label | None:
        """The nearest label before the number."""
        # A label applies to every number of a run, until one has been read.
        start = self.start if self.read_to > self.run[0].start else self.run[0].start
        leading = self.text[max(self.read_to, start - _REACH) : start]
        if self.after_phone and _BETWEEN_PHONES.fullmatch(leading):
            return Label.PHONE
        words = _WORD.findall(_UNREADABLE.split(leading)[-1])
        return _nearest_label(words)

    def readings(self) -> list[Reading]:
        """The numbers of 7 to 19 digits that may begin here, the longest first.

        Single digits with blanks between them are skipped: there would be too many readings to try.
        """
        readings: list[Reading] = []
        digits, sizes = "", []
        for group in self.run[self.first : self.first + _MAX_GROUPS]:
            digits += group.digits
            sizes.append(len(group.digits))
            if len(digits) > _MAX_DIGITS:
                break
            if len(digits) >= _MIN_DIGITS and len(digits) > 1.5 * len(sizes):
                readings.append(Reading(digits, tuple(sizes), group.end))
        readings.reverse()
        return readings


def without_other_numbers(text: str) -> str:
    """``text`` with dates, builds, UUIDs and printed codes blanked out; "" if no long number is
    left."""
    if not _LONG_NUMBER.search(text):
        return ""
    text = blank_other_numbers(text)
    return text if _LONG_NUMBER.search(text) else ""


def blank_other_numbers(text: str) -> str:
    """``text`` with ``NO_NUMBER`` in place of dates, builds, UUIDs and printed codes."""
    text = _LIKE_A_DATE.sub(_blank_a_date, text)
    if _ONE_DIGIT_BETWEEN.search(text):
        text = _LIKE_A_BUILD.sub(_blank_a_build, text)
    text = _CODE_IN_FOURS.sub(_blank, text)
    if text.count("-") >= 4:
        text = _UUID.sub(_blank, text)
    return text


def runs(text: str, link: re.Pattern[str] = LINK) -> Iterator[list[Group]]:
    """The runs of folded text, from left to right; a masked phone is a run of its own.

    ``link`` matches what may stand between two groups of a run.
    """
    run: list[Group] = []
    for token in _TOKEN.finditer(text):
        group = Group(token.start(), token.end(), token[0])
        if run and not _are_linked(text, run[-1], group, link):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def _are_linked(text: str, left: Group, right: Group, link: re.Pattern[str]) -> bool:
    return (
        0 < right.start - left.end <= _MAX_LINK_LENGTH
        and not (left.is_masked_phone or right.is_masked_phone)
        and link.fullmatch(text, left.end, right.start) is not None
    )


def _nearest_label(words: Sequence[str]) -> Label | None:
    is_id = False
    for distance, (previous, word) in enumerate(reversed([*pairwise(["", *words])])):
        label = _LABELS.get(f"{previous} {word}".lower()) or _label_of(word)
        if label is Label.OTHER and distance > _WORDS_AFTER_OTHER:
            return None
        if label is Label.PHONE and is_id:
            return Label.IDENTITY  # "contact id 467339500" is no phone.
        if label is not None:
            return label
        is_id = is_id or word.lower() == "id"
    return None


def _label_of(word: str) -> Label | None:
    word = word.lower()
    return _LABELS.get(word) or _LABELS.get(word.removesuffix("s"))


def _blank(match: re.Match[str]) -> str:
    return NO_NUMBER * len(match[0])


def _blank_a_build(match: re.Match[str]) -> str:
    leading = match.string[max(0, match.start() - _REACH) : match.start()]
    is_phone = _nearest_label(_WORD.findall(leading)) is Label.PHONE and ".0." not in match[0]
    is_build = _ONE_DIGIT_BETWEEN.search(match[0]) and not is_phone
    return _blank(match) if is_build else match[0]


def _blank_a_date(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 2) : match.start()]
    is_date = _DATE.fullmatch(match[0]) and not _NUMBER_BEFORE.search(before)
    return _blank(match) if is_date else match[0]
