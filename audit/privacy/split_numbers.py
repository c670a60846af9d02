"""Cards, CNICs and phones that a line end, a tab or another mark breaks in two.

Pure. ``id_numbers`` reads numbers that have only blanks, dashes, dots and slashes inside. Numbers
pasted from spreadsheets or wrapped by mail programs have other marks. Tables of numbers look alike,
so only the printed form counts here: four groups of four, an issuer's range and Luhn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from audit.privacy.digit_runs import LINK, Group, Label, Place, Reading, blank_other_numbers, runs
from audit.privacy.id_numbers import CARD, is_card, is_cnic, passes_luhn
from audit.privacy.patterns import Kind, Span
from audit.privacy.phones import is_in_use, phone_span

_BREAK = re.compile(r"[\t\r\n,_|\u00b7]")
# A cheap look first: digits before and behind a break.
_BROKEN_NUMBER = re.compile(r"[0-9)][ /-]{0,2}[\t\r\n,_|\u00b7][ \n/-]{0,3}[(+]{0,2}[0-9]")
_WIDE_LINK = re.compile(
    rf"{LINK.pattern}|(?: ?[-/] ?| {{0,2}})(?:\r?\n|\t)(?: ?[-/] ?| {{0,2}})| ?[,_|\u00b7] ?"
)
_ONE_LINE_END = re.compile(r"[^\n]{0,40}\n[^\n]{0,40}")
_DIGIT_BY_DIGIT = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][ -])[0-9](?P<link>[ -])[0-9](?:(?P=link)[0-9]){11,17}"
    r"(?![0-9A-Za-z]|(?P=link)[0-9])"
)
_PRINTED_CARDS = {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4)}
_MAX_IN_CARD = 5
"""Groups of four in a row; a card may be followed by a year. More than these are a table."""


def split_numbers(text: str, *, region: str) -> Iterator[Span]:
    """From left to right, never overlapping. ``region`` is that of ``redaction.find``."""
    yield from sorted([*_digit_by_digit(text), *_over_breaks(text, region)])


def _digit_by_digit(text: str) -> Iterator[Span]:
    for match in _DIGIT_BY_DIGIT.finditer(text):
        digits = match[0][::2]
        if CARD.fullmatch(digits) and passes_luhn(digits):
            yield Span(match.start(), match.end(), Kind.CARD)


def _over_breaks(text: str, region: str) -> Iterator[Span]:
    if not _BROKEN_NUMBER.search(text):
        return
    text, read_to = blank_other_numbers(text), 0
    for run in runs(text, _WIDE_LINK):
        # ``id_numbers`` has read what is on one line.
        if not _BREAK.search(text, run[0].end, run[-1].start):
            continue
        for first, group in enumerate(run):
            if group.start < read_to:
                continue
            span = _read(Place(text, run, first, read_to, after_phone=False), region)
            if span:
                yield span
                read_to = span.end


def _read(place: Place, region: str) -> Span | None:
    for reading in place.readings():
        if not _BREAK.search(place.text, place.start, reading.end):
            continue
        if "+" not in place.lead and not place.is_glued:
            if _is_printed_card(place, reading):
                return Span(place.start, reading.end, Kind.CARD)
            if _is_printed_cnic(place, reading):
                return Span(place.start, reading.end, Kind.CNIC)
        is_one_number = _ONE_LINE_END.fullmatch(place.text, place.start, reading.end)
        if is_one_number and not place.is_glued and is_in_use(place, reading, region):
            return phone_span(place, reading)
    return None


def _is_printed_card(place: Place, reading: Reading) -> bool:
    if not is_card(place, reading):
        return False
    if place.label is Label.CARD:
        return True
    is_printed = reading.sizes in _PRINTED_CARDS and CARD.fullmatch(reading.digits)
    return bool(is_printed) and _fours_around(place.run, place.first) <= _MAX_IN_CARD


def _fours_around(run: Sequence[Group], first: int) -> int:
    """How many groups of four digits follow one another around the group at ``first``."""
    start = end = first
    while start > 0 and first - start < _MAX_IN_CARD and len(run[start - 1].digits) == 4:
        start -= 1
    while end < len(run) and end - first <= _MAX_IN_CARD and len(run[end].digits) == 4:
        end += 1
    return end - start


def _is_printed_cnic(place: Place, reading: Reading) -> bool:
    return (reading.sizes == (5, 7, 1) or place.label is Label.IDENTITY) and is_cnic(place, reading)
