"""Find the personal data that are nothing but digits: CNICs, payment cards and phone numbers.

Pure, except for the numbering plans behind ``phones``. Some forms are certain by themselves; others
count only with a label before them ("call 467 3395"), or unless a label contradicts ("parcel ...").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.privacy.digit_runs import GLUE, Label, Place, Reading, runs, without_other_numbers
from audit.privacy.patterns import Kind, Span
from audit.privacy.phones import find_phone

# Leading digits and lengths of the card networks, as the networks publish their issuer ranges.
CARD = re.compile(
    r"4(?:[0-9]{15}|[0-9]{18})"  # Visa
    r"|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12,15}"  # Discover
    r"|220[0-5][0-9]{12}"  # Mir, PayPak
)
# Ranges so wide, or cards so rare, that a contradicting label decides.
_PERHAPS_CARD = re.compile(
    r"(?:50|5[6-9]|6[0-9])[0-9]{14,17}"  # Maestro, UnionPay, RuPay, Verve
    r"|8[12][0-9]{14,17}"  # UnionPay, RuPay
    r"|9792[0-9]{12}"  # Troy
    r"|(?:1[0-9]{3}|2131)[0-9]{11}"  # UATP, JCB of fifteen digits
)
# Each digit doubled, and the digits of the double added up.
_DOUBLED = str.maketrans("0123456789", "0246813579")

# A CNIC is written 35202-1234567-1; its first digit is the province, 1 to 8. The regulations name
# no check digit.
_CNIC_SIZES = {(5, 7, 1), (5, 8), (12, 1)}
# Timestamps in milliseconds have 13 digits. Most of those since August 2021 begin like no CNIC: in
# Khyber Pakhtunkhwa the last division is 17, of districts 1 to 3, and the districts of 16 are few.
_CLOCK = re.compile(r"1(?:6[3-9]|7[04-9]|[89][0-9])[0-9]{10}")


def numbers(text: str, *, region: str) -> Iterator[Span]:
    """CNICs, cards and phones in folded text, from left to right, never overlapping."""
    text = without_other_numbers(text)
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
    readings = place.readings()
    if not readings:
        return None
    if "+" not in place.lead and not place.is_glued:
        for reading in readings:
            # Letters may follow a code, or a number typed without a space behind it.
            is_code = GLUE.match(place.text, reading.end) is not None
            if is_code and place.label not in (Label.CARD, Label.IDENTITY):
                continue
            if is_card(place, reading):
                return Span(place.start, reading.end, Kind.CARD)
            if is_cnic(place, reading):
                return Span(place.start, reading.end, Kind.CNIC)
    return find_phone(place, readings, region)


def is_card(place: Place, reading: Reading) -> bool:
    if not 12 <= len(reading.digits) <= 19 or not passes_luhn(reading.digits):
        return False
    if place.label is Label.CARD:
        return True
    # Printed in groups of four to six; the last may be shorter.
    if min(reading.sizes[:-1], default=4) < 4:
        return False
    if CARD.fullmatch(reading.digits):
        return True
    return place.label is not Label.OTHER and _PERHAPS_CARD.fullmatch(reading.digits) is not None


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B; rejects a number of zeros, which would pass."""
    total = sum(map(int, digits[-1::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))
    return total % 10 == 0 and digits.strip("0") != ""


def is_cnic(place: Place, reading: Reading) -> bool:
    if len(reading.digits) != 13:
        return False
    if reading.sizes == (5, 7, 1) and "-" in place.text[place.start : reading.end]:
        return True
    if place.label is Label.IDENTITY:
        return True
    if place.label in (Label.OTHER, Label.PHONE) or reading.digits[0] in "09":
        return False
    if len(reading.sizes) == 1:
        return not place.before.endswith(("-", ".")) and not _CLOCK.fullmatch(reading.digits)
    return reading.sizes in _CNIC_SIZES
