"""Read a CSV file as rows of cells. Pure."""

from __future__ import annotations

import codecs
import csv
import io
import re

from audit.spreadsheet import restore
from faq.files.tables import Limits, Problems, Row, check_size, unreadable
from faq.phrasing import is_blank

_MARKS = re.compile(rb"\A(?:\xef\xbb\xbf)+")
"""Byte order marks; some programs write two."""

SEPARATORS = ",;\t"
MAX_HEADER_LENGTH = 65_536
"""Characters searched for the separator."""
_SEPARATOR_LINE = re.compile(r"sep=(.)[ \t]*(\r\n|\r|\n)")


def csv_rows(data: bytes, *, limits: Limits, problems: Problems) -> list[Row]:
    """The rows of a CSV file, header first, without blank rows.

    UTF-8, with or without a byte order mark. Separated by commas, semicolons or tabs, detected from
    the header or a first line ``sep=;`` that, as in Excel, is not counted as a row. Cells with
    separators, quotes or line breaks are in double quotes (RFC 4180). Neutralised cells are
    restored, see ``audit.spreadsheet``.

    A broken quote is added to ``problems`` and ends the rows. Raises ``Unreadable`` for a file that
    is too large, has too many rows or is not UTF-8.
    """
    check_size(data, limits)
    text, separator = _separator(decode_utf8(data))
    rows: list[Row] = []
    number = 0
    # strict: otherwise an unclosed quote silently swallows the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if len(cells) > limits.columns:
                raise unreadable(f"has over {limits.columns} cells", row=number)
            if all(map(is_blank, cells)):
                continue
            if len(rows) > limits.rows:
                raise unreadable(f"is over the limit of {limits.rows:,} rows", row=number)
            rows.append(Row(number, tuple(map(restore, cells))))
    except csv.Error as error:
        problems.add(number + 1, None, _csv_error_reason(error))
    return rows


def _separator(text: str) -> tuple[str, str]:
    """The text below an optional ``sep=`` line, and the separator."""
    line = _SEPARATOR_LINE.match(text)
    if line and line[1] in SEPARATORS:
        return text[line.end() :], line[1]
    top = text[:MAX_HEADER_LENGTH]
    # max returns the first of equals: commas for a header of one column.
    return text, max(SEPARATORS, key=lambda separator: _header_width(top, separator))


def _header_width(text: str, separator: str) -> int:
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if not all(map(is_blank, cells)):
                return len(cells)
    except csv.Error:
        pass
    return 0


def decode_utf8(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:2]:
        raise unreadable("byte 0 is UTF-16, not UTF-8; save as CSV UTF-8", row=1)
    body = _MARKS.sub(b"", data, count=1)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        offset = len(data) - len(body) + error.start
        row = _row_after(body[: error.start].decode())
        reason = f"byte {offset} (0x{data[offset]:02x}) is not UTF-8; save as CSV UTF-8"
        raise unreadable(reason, row=row) from None


def _row_after(text: str) -> int | None:
    """The row of the character after ``text``; None if the CSV before it is broken."""
    try:
        return sum(1 for _ in csv.reader(io.StringIO(f"{text}?", newline="")))
    except csv.Error:
        return None


def _csv_error_reason(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end" in message:
        return "a quote is never closed"
    if "field limit" in message:
        return f"a cell has over {csv.field_size_limit():,} characters; is a quote left open?"
    if "expected after" in message:
        return "text follows a closing quote; within quotes, a quote is written twice"
    return f"is not CSV: {message}"
