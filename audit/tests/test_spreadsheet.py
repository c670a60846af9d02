"""Cells that a spreadsheet would run are made harmless, and come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.spreadsheet import neutralise, restore

like_cells = st.text() | st.text(alphabet="'=+-@ \t\r\n\0\uff1da", max_size=6)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        pytest.param("=1+1", "'=1+1", id="a formula"),
        pytest.param("+1", "'+1", id="a plus"),
        pytest.param("-1", "'-1", id="a minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="an at"),
        pytest.param("\t=1", "'\t=1", id="a tab"),
        pytest.param("\r=1", "'\r=1", id="a carriage return"),
        pytest.param("\n=1", "'\n=1", id="a line feed"),
        pytest.param("\0=1", "'\0=1", id="a NUL"),
        pytest.param("  =1", "'  =1", id="blanks before a formula"),
        pytest.param("\uff1d1", "'\uff1d1", id="a full-width sign"),
        pytest.param("'=1", "''=1", id="a text that looks neutralised gets one more"),
        pytest.param("'' =1", "''' =1", id="however many it has"),
        pytest.param("", "", id="nothing"),
        pytest.param("'tis", "'tis", id="an apostrophe of the text's own"),
        pytest.param("a=1", "a=1", id="a sign further in"),
    ],
)
def test_it_puts_an_apostrophe_before_what_could_run(cell, written):
    assert neutralise(cell) == written
    assert restore(written) == cell


@given(like_cells)
def test_every_text_comes_back(cell):
    assert restore(neutralise(cell)) == cell


@given(like_cells)
def test_what_is_written_never_begins_like_a_formula(cell):
    written = neutralise(cell)

    assert not written.startswith(("\t", "\r", "\n", "\0"))
    assert not written.lstrip().startswith(("=", "+", "-", "@"))


def test_a_cell_somebody_typed_in_neutralised_form_loses_its_apostrophe():
    assert restore("'=1") == "=1"
