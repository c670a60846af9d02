"""Find the personal data that are nothing but digits: CNICs, payment cards and phone numbers.

Pure, but for the numbering plans behind ``phones``. Some forms speak for themselves; others are
believed only under a label ("call 467 3395"), or unless one speaks against them ("parcel ...").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.number_runs import Label, Place, Window, readable, runs
from audit.personal_data import Kind, Span
from audit.phones import find_phone


def numbers(text: str, *, region: str) -> Iterator[Span]:
    """CNICs, cards and phones in folded text, from left to right, never overlapping."""
    text = readable(text)
    read_to, after_phone = 0, False
    for run in runs(text):
        if run[0].is_masked_phone:
            read_to, after_phone = run[0].end, True
            continue
        for first, group in enumerate(run):
            if group.start < read_to:
                continue
            span = _read(Place(text, run, first, read_to, after_phone), region)
            if span:
                yield span
                read_to, after_phone = span.end, span.kind is Kind.PHONE


def _read(place: Place, region: str) -> Span | None:
    windows = place.windows()
    if not windows:
        return None
    if not place.lead.endswith("+") and not place.is_glued:
        for window in windows:
            if _is_code_inside(place.text, window.end):
                continue
            if _is_card(window, place):
                return Span(place.start, window.end, Kind.CARD)
            if _is_cnic(window, place):
                return Span(place.start, window.end, Kind.CNIC)
    return find_phone(place, windows, region)


def _is_code_inside(text: str, end: int) -> bool:
    """Whether the digits that end here go on as letters, as in ``1234567A``."""
    return _GLUE.match(text, end) is not None


_GLUE = re.compile(r"[A-Za-z0-9_]")

# Leading digits and lengths of the card networks (ISO/IEC 7812 issuer ranges).
_CARD = re.compile(
    r"4(?:[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12,15}"  # Discover
    r"|220[0-5][0-9]{12}"  # Mir, PayPak
)
_PERHAPS_CARD = re.compile(
    r"(?:50|5[6-9]|6[0-9])[0-9]{14,17}"  # Maestro, UnionPay, RuPay, Verve
    r"|8[12][0-9]{14,17}"  # UnionPay, RuPay
    r"|9792[0-9]{12}"  # Troy
    r"|(?:1[0-9]{3}|2131)[0-9]{11}"  # UATP, JCB of fifteen digits
)


def _is_card(window: Window, place: Place) -> bool:
    if not 12 <= len(window.digits) <= 19 or not _passes_luhn(window.digits):
        return False
    if place.label is Label.CARD:
        return True
    # Printed in groups of four to six; the last may be shorter.
    if min(window.sizes[:-1], default=4) < 4:
        return False
    if _CARD.fullmatch(window.digits):
        return True
    return place.label is not Label.OTHER and _PERHAPS_CARD.fullmatch(window.digits) is not None


def _passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    total = sum(map(int, digits[-1::-2])) + sum(
        digit - 9 if digit > 9 else digit for digit in doubled
    )
    return total % 10 == 0 and digits.strip("0") != ""


# The clock of computers counts milliseconds in 13 digits. From August 2021 it shows numbers no
# CNIC begins with: those of Khyber Pakhtunkhwa end with district 7 of division 17.
_INSTANT = re.compile(r"1(?:6[3-9]|7[04-9]|[89][0-9])[0-9]{10}")
# A CNIC is written 35202-1234567-1. Its first digit is the province; there is no public checksum.
_CNIC_SIZES = {(5, 7, 1), (5, 8), (12, 1)}


def _is_cnic(window: Window, place: Place) -> bool:
    if len(window.digits) != 13:
        return False
    if window.sizes == (5, 7, 1) and "-" in place.text[place.start : window.end]:
        return True
    if place.label is Label.IDENTITY:
        return True
    if place.label in (Label.OTHER, Label.PHONE) or window.digits[0] in "09":
        return False
    if len(window.sizes) == 1:
        return not place.before.endswith(("-", ".")) and not _INSTANT.fullmatch(window.digits)
    return window.sizes in _CNIC_SIZES
