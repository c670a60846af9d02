"""Distinguish phone numbers from other digits; the only module that imports phonenumbers.

The numbering plans are Google's libphonenumber, as packaged in ``phonenumbers``. It checks
one number of at most 15 digits at a time and never searches a whole text, so the cost of a call is
bounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from audit.privacy.digit_runs import GLUE, Label, Place, Reading
from audit.privacy.patterns import Kind, Span

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

NO_COUNTRY = "ZZ"
"""PHONE_REGION of a site that has no country, on purpose; CLDR's code for an unknown region."""

_MAX_DIGITS = 15  # ITU-T E.164
_EXTENSION = re.compile(
    r"(?:x|[ ,]{0,2}(?:x|ext(?:ension|n)?[.:]?) ?)[0-9]{1,7}(?![A-Za-z0-9_]|[-/.][0-9])",
    re.IGNORECASE,
)
_LABEL_BEHIND = re.compile(
    r"(?:[ \-(:/]{0,3}| is (?:my|our|the|his|her|their) )"
    r"(?:office|fax|mobile|cell|phone|tel|home|work|desk|whatsapp)\b",
    re.IGNORECASE,
)
# A cheap test before the lookup in the numbering plans, which takes far longer.
_TRUNK = re.compile(r"0[1-9][0-9]{6,11}\Z")
_MOBILE = re.compile(r"[1-9][0-9]{8,12}")
# What stands directly around digits that measure, calculate, or are part of another name.
_AMOUNT_BEFORE = re.compile(r"[$€£¥₹₨*]\Z|[0-9][-/_.,:]\Z")
_NAME_BEFORE = re.compile(r"#\Z|[A-Za-z_][-/_.]\Z")
_AMOUNT_BEHIND = re.compile(r"[%=*]|[.,:][0-9]|[-/_][A-Za-z0-9]")


def region(text: str) -> str:
    """A country's code (ISO 3166-1 alpha-2) whose numbering plan is known, ``ZZ``, or nothing.

    Raises ``ValueError``.
    """
    import phonenumbers

    if text and text != NO_COUNTRY and text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(
            f"a country's code such as PK or DE, or {NO_COUNTRY} for none, not {text!r}"
        )
    return text


def find_phone(place: Place, readings: Sequence[Reading], region: str) -> Span | None:
    """The phone number that begins at ``place``, or None.

    ``readings`` are those of ``place``, the longest first; ``region`` (ISO 3166-1 alpha-2) is
    where a number without a calling code is dialled, or empty. Better evidence beats a longer
    number.
    """
    if place.is_glued and not place.lead.startswith("("):
        return None
    if "+" in place.lead and place.before.endswith(")"):
        return None  # A sum, (45)+(31).
    short = [reading for reading in readings if len(reading.digits) <= _MAX_DIGITS]
    for test in (is_in_use, _looks_dialled, _is_called_phone):
        for reading in short:
            if test(place, reading, region):
                return phone_span(place, reading)
    return None


def phone_span(place: Place, reading: Reading) -> Span:
    """The number with its plus or parenthesis and its extension."""
    lead = place.lead
    if ")" not in place.text[place.start : reading.end]:
        lead = lead.replace("(", "")
    extension = _EXTENSION.match(place.text, reading.end)
    end = extension.end() if extension else reading.end
    return Span(place.start - len(lead), end, Kind.PHONE)


def is_in_use(place: Place, reading: Reading, region: str) -> bool:
    """Whether it is in use, and has the plus or the zero that few other numbers have."""
    behind = place.text[reading.end : reading.end + 1]
    # Hasty writers forget the space behind a number, so a letter may follow.
    if behind.isdigit() or behind == "_":
        return False
    if international := _international(place, reading):
        return _is_valid(f"+{international}", None)
    return _TRUNK.match(reading.digits) is not None and _is_valid(reading.digits, region)


def _looks_dialled(place: Place, reading: Reading, region: str) -> bool:
    """Whether it is written in a form that only phones have, or could be a mobile of ``region``."""
    international = _international(place, reading)
    if "+" in place.lead:
        return _is_possible(international) and not _is_amount(place, reading)
    has_form = _has_dialled_form(place, reading)
    has_length = _MOBILE.fullmatch(reading.digits) is not None and len(reading.sizes) <= 4
    if not (has_form or has_length or international) or _is_called_otherwise(place, reading):
        return False
    return (
        has_form
        or _is_possible(international)
        or (has_length and _is_mobile(reading.digits, region))
    )


def _has_dialled_form(place: Place, reading: Reading) -> bool:
    digits, sizes = reading.digits, reading.sizes
    written = place.text[place.start : reading.end]
    if "(" in place.lead and len(digits) <= 12:
        return 2 <= sizes[0] <= 5 and written[sizes[0] : sizes[0] + 1] == ")"
    if _EXTENSION.match(place.text, reading.end):
        return True
    # The North American plan: 212-555-0123, 1.212.555.0123.
    if sizes[-3:] == (3, 3, 4) and " " not in written:
        return digits[:-10] in ("", "1", "001")
    # A trunk zero and an area code: 020 7946 0018, 0161 4960018.
    if digits[0] == "0" != digits[1] and 9 <= len(digits) <= 11:
        return (len(sizes) > 2 and min(sizes) > 1) or (len(sizes) == 2 and 3 <= sizes[0] <= 5)
    return False


def _is_called_phone(place: Place, reading: Reading, _region: str) -> bool:
    """Whether the words around it announce a phone number."""
    if place.label is Label.PHONE:
        return not _is_amount(place, reading)
    return place.label is None and _LABEL_BEHIND.match(place.text, reading.end) is not None


def _is_called_otherwise(place: Place, reading: Reading) -> bool:
    return (
        place.label not in (None, Label.PHONE)
        or _NAME_BEFORE.search(place.before) is not None
        or _is_amount(place, reading)
    )


def _is_amount(place: Place, reading: Reading) -> bool:
    text, end = place.text, reading.end
    if _LABEL_BEHIND.match(text, end) or _EXTENSION.match(text, end):
        return False
    is_decimal = len(reading.sizes) == 2 and text[place.start + reading.sizes[0]] == "."
    return (
        is_decimal
        or GLUE.match(text, end) is not None
        or _AMOUNT_BEHIND.match(text, end) is not None
        or _AMOUNT_BEFORE.search(place.before) is not None
    )


def _international(place: Place, reading: Reading) -> str:
    """The digits from the calling code on, or "" if none is written."""
    digits = reading.digits if "+" in place.lead else reading.digits.removeprefix("00")
    is_written = "+" in place.lead or len(digits) < len(reading.digits)
    return digits if is_written and not digits.startswith("0") else ""


def _is_valid(number: str, region: str | None) -> bool:
    import phonenumbers

    parsed = _parse(number, region)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _is_possible(international: str) -> bool:
    import phonenumbers

    parsed = _parse(f"+{international}", None) if international else None
    return parsed is not None and phonenumbers.is_possible_number(parsed)


def _is_mobile(digits: str, region: str) -> bool:
    """Mobile, or in a plan that cannot tell mobile from fixed."""
    import phonenumbers

    parsed = _parse(digits, region)
    return parsed is not None and phonenumbers.number_type(parsed) in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )


def _parse(number: str, region: str | None) -> PhoneNumber | None:
    import phonenumbers

    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
