"""Static files are compressed once; what changed meanwhile is compressed again."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from supportsite.static_files import KeepingCompressor

STYLE = "body { color: black; background: white; }\n" * 20


@pytest.fixture
def style(tmp_path):
    made = tmp_path / "desk.css"
    made.write_text(STYLE)
    os.utime(made, (0, 900_000_000))
    return made


def compress(file: Path) -> Path:
    (made,) = KeepingCompressor(quiet=True, use_brotli=False).compress(str(file))
    return Path(made)


def test_what_is_compressed_already_is_left_alone(style):
    before = compress(style).stat()

    after = compress(style).stat()

    assert (after.st_ctime_ns, after.st_ino) == (before.st_ctime_ns, before.st_ino)


def test_a_file_that_changed_is_compressed_again(style):
    compress(style)
    style.write_text(STYLE.replace("black", "navy"))
    os.utime(style, (0, 1_000_000_000))

    assert b"navy" in gzip.decompress(compress(style).read_bytes())


def test_what_a_killed_start_left_half_made_is_made_again(style):
    half = style.with_name("desk.css.gz")
    half.write_bytes(b"half")

    assert gzip.decompress(compress(style).read_bytes()) == STYLE.encode()


def test_what_gains_nothing_is_served_as_it_is(tmp_path):
    tiny = tmp_path / "tiny.js"
    tiny.write_text("1")

    assert KeepingCompressor(quiet=True).compress(str(tiny)) == []
    assert list(tmp_path.iterdir()) == [tiny]
