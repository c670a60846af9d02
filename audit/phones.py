"""Tell phone numbers from other digits; the only module that knows phonenumbers.

The numbering plans are Google's libphonenumber, as packaged in ``phonenumbers``. It is asked
about one short number at a time: its own matcher searches a whole text, and its time is not
bounded by the text's length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from audit.number_runs import Label, Place, Window
from audit.personal_data import Kind, Span

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_MOST_DIGITS = 15  # ITU-T E.164
_EXTENSION = re.compile(
    r"(?:x|[ ,]{0,2}(?:x|ext(?:ension|n)?[.:]?) ?)[0-9]{1,7}(?![A-Za-z0-9_]|[-/.][0-9])",
    re.IGNORECASE,
)
_LABEL_BEHIND = re.compile(
    r"[ \-(:/]{0,3}(?:office|fax|mobile|cell|phone|tel|home|work|desk|whatsapp)\b", re.IGNORECASE
)
# A cheap look before the numbering plans are asked, which takes a hundred times longer.
_TRUNK = re.compile(r"0[1-9][0-9]{6,11}\Z")
_MOBILE = re.compile(r"[1-9][0-9]{8,12}")
# What stands directly around digits that measure, calculate, or are part of another name.
_AMOUNT_BEFORE = re.compile(r"[$€£¥₹₨*]\Z|[0-9][-/_.,:]\Z")
_NAME_BEFORE = re.compile(r"#\Z|[A-Za-z_][-/_.]\Z")
_AMOUNT_BEHIND = re.compile(r"[%=*]|[.,:][0-9]|[-/_][A-Za-z0-9]")


def find_phone(place: Place, windows: Sequence[Window], region: str) -> Span | None:
    """The phone number that begins at ``place``, or None.

    ``windows`` are the readings of its digits, the longest first; ``region`` is where numbers
    without a calling code are dialled (ISO 3166-1 alpha-2).
    """
    if place.is_glued and not place.lead.startswith("("):
        return None
    if "+" in place.lead and place.before.endswith(")"):
        return None  # A sum: (45)+(31).
    readings = [window for window in windows if len(window.digits) <= _MOST_DIGITS]
    for test in (_is_in_use, _looks_dialled, _is_called_phone):
        for window in readings:
            if test(place, window, region):
                return _span(place, window)
    return None


def _span(place: Place, window: Window) -> Span:
    lead = place.lead
    if ")" not in place.text[place.start : window.end + 1]:
        lead = lead.replace("(", "")
    extension = _EXTENSION.match(place.text, window.end)
    end = extension.end() if extension else window.end
    return Span(place.start - len(lead), end, Kind.PHONE)


def _is_in_use(place: Place, window: Window, region: str) -> bool:
    """Whether it is in use, and has the plus or the zero that few other numbers have."""
    behind = place.text[window.end : window.end + 1]
    # Hasty writers forget the space behind a number, so a letter may follow.
    if behind.isdigit() or behind == "_":
        return False
    if international := _international(place, window):
        return _is_valid(f"+{international}", None)
    return _TRUNK.match(window.digits) is not None and _is_valid(window.digits, region)


def _looks_dialled(place: Place, window: Window, region: str) -> bool:
    """Whether it is written in a form that only phones have, or could be a mobile of ``region``."""
    digits = window.digits
    if _is_amount(place, window):
        return False
    international = _international(place, window)
    if "+" in place.lead:
        return _is_possible(international)
    if place.label not in (None, Label.PHONE) or _NAME_BEFORE.search(place.before):
        return False
    return (
        _has_dialled_form(place, window)
        or _is_possible(international)
        or (_MOBILE.fullmatch(digits) is not None and _is_mobile(digits, region))
    )


def _has_dialled_form(place: Place, window: Window) -> bool:
    digits, sizes = window.digits, window.sizes
    written = place.text[place.start : window.end]
    if "(" in place.lead and len(digits) <= 12:
        return 2 <= sizes[0] <= 5 and written[sizes[0] : sizes[0] + 1] == ")"
    if _EXTENSION.match(place.text, window.end):
        return True
    # The North American plan: 212-555-0123, 1.212.555.0123.
    if sizes[-3:] == (3, 3, 4) and " " not in written:
        return digits[:-10] in ("", "1", "001")
    # A trunk zero and an area code: 020 7946 0018, 0161 4960018.
    if digits[0] == "0" != digits[1] and 9 <= len(digits) <= 11:
        return (len(sizes) > 2 and min(sizes) > 1) or (len(sizes) == 2 and 3 <= sizes[0] <= 5)
    return False


def _is_called_phone(place: Place, window: Window, region: str) -> bool:
    """Whether the words around it say so."""
    if _is_amount(place, window):
        return False
    return place.label is Label.PHONE or (
        _LABEL_BEHIND.match(place.text, window.end) is not None and place.label is None
    )


def _is_amount(place: Place, window: Window) -> bool:
    text, end = place.text, window.end
    if _LABEL_BEHIND.match(text, end) or _EXTENSION.match(text, end):
        return False
    is_decimal = len(window.sizes) == 2 and text[place.start + window.sizes[0]] == "."
    return (
        is_decimal
        or text[end : end + 1].isalnum()
        or _AMOUNT_BEHIND.match(text, end) is not None
        or _AMOUNT_BEFORE.search(place.before) is not None
    )


def _international(place: Place, window: Window) -> str:
    """The digits from the calling code on, or "" if none is written."""
    digits = window.digits if "+" in place.lead else window.digits.removeprefix("00")
    is_written = "+" in place.lead or len(digits) < len(window.digits)
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
