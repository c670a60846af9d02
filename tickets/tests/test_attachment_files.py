"""Which files may be attached to a message."""

from __future__ import annotations

import pytest

from tickets.attachment_files import (
    MAX_BYTES,
    MAX_FILES,
    InvalidFile,
    NewFile,
    check_together,
    clean_name,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("lamp.PNG", PNG, "image/png"),
        ("bill.pdf", b"%PDF-1.7", "application/pdf"),
        ("note.txt", "لیمپ".encode(), "text/plain"),
    ],
)
def test_pictures_documents_and_texts_are_accepted(name, data, media_type):
    assert NewFile.checked(name, data).media_type == media_type


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("page.html", b"<script>", "not accepted"),
        ("drawing.svg", b"<svg>", "not accepted"),
        ("program.exe", b"MZ", "not accepted"),
        ("png", PNG, "not accepted"),
        ("lamp.png", b"<script>", "content of the file is not png"),
        ("note.txt", b"\xff\x00", "content of the file is not txt"),
        ("note.txt", b"a\x00b", "content of the file is not txt"),
        ("lamp.png", b"", "empty"),
        ("lamp.png", PNG + bytes(MAX_BYTES), "10 MB"),
    ],
)
def test_other_files_are_refused_with_the_reason(name, data, message):
    with pytest.raises(InvalidFile, match=message):
        NewFile.checked(name, data)


@pytest.mark.parametrize(
    ("sizes", "message"), [([10] * (MAX_FILES + 1), "at most 5"), ([MAX_BYTES - 1, 2], "10 MB")]
)
def test_the_files_of_a_message_are_bounded_together(sizes, message):
    files = [NewFile("a.txt", "text/plain", bytes(size)) for size in sizes]

    with pytest.raises(InvalidFile, match=message):
        check_together(files)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\jo\\bill.pdf", "bill.pdf"),
        ("bill\u202e\r\nfdp.pdf", "billfdp.pdf"),
        (" .hidden.txt", "hidden.txt"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_has_no_folders_and_nothing_invisible(name, clean):
    assert clean_name(name) == clean
