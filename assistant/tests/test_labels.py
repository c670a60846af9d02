from __future__ import annotations

import pytest

from assistant.calibration.labelled_questions import LabelledQuestion, read_questions
from faq.files.tables import Unreadable

HEADER = "query,expected_id\n"


def read(text, faq_ids=("a", "b")):
    return read_questions((HEADER + text).encode(), faq_ids=faq_ids)


def test_an_empty_id_means_that_nothing_answers_and_a_bar_that_several_do():
    assert read('where is it?,a\n"how, then?",b|a\nwhy?,\n') == [
        LabelledQuestion("where is it?", ("a",)),
        LabelledQuestion("how, then?", ("a", "b")),
        LabelledQuestion("why?", ()),
    ]


def test_all_bad_rows_are_listed():
    with pytest.raises(Unreadable) as refused:
        read("where?,c\n ,a\n" + "x" * 4001 + ",a\nfine?,a\n")

    assert [(problem.row, problem.column) for problem in refused.value.problems] == [
        *((2, "expected_id"), (3, "query"), (4, "query")),
    ]


def test_missing_columns_are_named():
    with pytest.raises(Unreadable, match="expected_id"):
        read_questions(b"query\nwhere?\n", faq_ids=())
