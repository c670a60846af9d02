"""Files in and out: exported they come back as they were; other tools' are understood."""

from __future__ import annotations

import io
import json
from datetime import date

import openpyxl
import pytest

from faq.content import Content, Draft
from faq.files.formats import EXPORT_FORMATS, FORMATS
from faq.files.reader import Unreadable, split_valid
from faq.files.tables import Limits


def draft(*texts, retired=False):
    content = Content(*texts, threshold=0.8, audience="staff")
    return Draft(content, "cora", date(2027, 1, 31), retired)


FAQS = [
    draft("plain", "How?", "So.", "", ()),
    draft("formula", "=1+1?", "+41 22 or @home\n-\tline two", "-x", ("'=quoted", "=a|b")),
    draft("script", "پاس ورڈ کیسے بدلیں؟", 'Say "hi", then <b>\\n', "أ", ("مفتاح",)),
    draft("digits", "007", "1e5", "0.10", ("2026-01-02", "true"), retired=True),
    draft("escape", "_x0041_ and _x005F_ &amp;", "a\n\nb", "_x000d_", ()),
    Draft(Content("bare", "Nothing else?", "No.")),
]


def read(name, data):
    content = split_valid(FORMATS[name].read, data, limits=Limits())
    return content.rows, content.problems


@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_what_is_written_is_read_back_as_it_was(name):
    faqs, problems = read(name, FORMATS[name].write(FAQS))

    assert problems == []
    assert [row.draft() for row in faqs] == FAQS


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_no_cell_begins_a_formula(name):
    data = FORMATS[name].write(FAQS)

    if name == "csv":
        cells = data.decode("utf-8-sig").replace('"', "").split(",")
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        cells = [str(cell.value or "") for row in sheet.iter_rows() for cell in row]
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)

    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_bad_rows_are_reported_and_the_others_are_read():
    data = b"id,question,answer,category\na,How?,So.,\nb,,Nothing,\n!,What?,So.,\na,Again?,So.,\n"

    faqs, problems = read("csv", data)

    assert [faq.slug for faq in faqs] == ["a"]
    assert [problem.row for problem in problems] == [3, 4, 5]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("xlsx", b"id,question", id="a CSV that calls itself XLSX"),
        pytest.param("xlsx", b"PK\x03\x04broken", id="a broken workbook"),
        pytest.param("json", b'{"faqs": 3}', id="JSON without a list"),
        pytest.param("json", b"[" * 100_000, id="JSON too deep"),
        pytest.param("qnabot", b"[]", id="an empty QnABot file"),
        pytest.param("qnamaker", b"Question\tSource\n", id="a TSV without answers"),
        pytest.param("dify", b"", id="nothing"),
        pytest.param("fastgpt", b"\xff\xfe", id="UTF-16"),
        pytest.param("maxkb", b"title", id="a template of one column"),
    ],
)
def test_what_is_no_such_file_is_refused(name, data):
    with pytest.raises(Unreadable):
        read(name, data)


def test_alternates_longer_than_a_cell_go_on_in_further_columns_and_come_back():
    long = draft("long", "How?", "So.", "", tuple(f"{n} {'x' * 490}" for n in range(150)))
    short = draft("short", "Where?", "Here.", "", ("In which place?",))

    data = FORMATS["xlsx"].write([long, short])
    header, first, second = openpyxl.load_workbook(io.BytesIO(data)).active.values

    assert header[-2:] == ("alternates 2", "alternates 3")
    assert all(first[-2:])
    assert second[-2:] == (None, None)
    rows, problems = read("xlsx", data)
    assert (rows[0].draft(), rows[1].draft(), problems) == (long, short, [])


def test_without_long_alternates_there_is_no_further_column():
    data = FORMATS["xlsx"].write([draft("short", "Where?", "Here.", "", ("In which place?",))])

    (header, _) = openpyxl.load_workbook(io.BytesIO(data)).active.values
    assert header[-1] == "retired"


def test_an_error_in_a_further_column_is_reported_by_row():
    header = ("id", "question", "answer", "category", "alternates", "alternates 2")
    data = workbook(header, ("a", "How?", "So.", "", "In what way?", 1.5e300))

    _, (problem,) = read("xlsx", data)

    assert (problem.row, problem.column) == (2, "alternates")


def test_an_answer_longer_than_a_cell_is_refused_by_name_and_not_cut():
    """Each ``_x000D_`` is stored with six characters more."""
    long = draft("long", "How?", "_x000D_" * 2_800)

    with pytest.raises(Unreadable, match=r"answer of long has .* Export CSV or JSON"):
        FORMATS["xlsx"].write([long])


def test_a_workbook_with_a_character_that_no_xml_holds_can_be_opened():
    """Such FAQs may be there from earlier versions, which took them."""
    data = FORMATS["xlsx"].write([draft("bell", "Is the bell \uffff working?", "Yes.")])

    (row,), _ = read("xlsx", data)

    assert row.values["question"] == "Is the bell \ufffd working?"


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


QNABOT = {
    "qna": [
        {
            "qid": "Password.Reset 1",
            "type": "qna",
            "q": ["How do I reset it?", "Forgot it"],
            "a": "Press it.",
            "t": "login",
        }
    ]
}
QNAMAKER = (
    "Question\tAnswer\tSource\tMetadata\tSuggestedQuestions\tIsContextOnly\tPrompts\tQnaId\n"
    "How do I reset it?\tPress\\n\\nit.\tEditorial\tcategory:login\t[]\tFalse\t[]\t7\n"
    "Forgot it\tPress\\n\\nit.\tEditorial\tcategory:login\t[]\tFalse\t[]\t7\n"
)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        pytest.param(
            "qnabot",
            json.dumps(QNABOT).encode(),
            ("Password.Reset-1", "How do I reset it?", "Press it.", "login", ("Forgot it",)),
            id="QnABot",
        ),
        pytest.param(
            "qnamaker",
            QNAMAKER.encode("utf-8-sig"),
            ("qna-7", "How do I reset it?", "Press\n\nit.", "login", ("Forgot it",)),
            id="QnA Maker",
        ),
        pytest.param(
            "dify",
            b"question,answer\nHow do I reset it?,Press it.\n",
            ("How-do-I-reset-it", "How do I reset it?", "Press it.", "", ()),
            id="Dify",
        ),
        pytest.param(
            "fastgpt",
            b'q,a,indexes\nHow do I reset it?,Press it.,"[""Forgot it"", ""Lost it""]"\n',
            ("How-do-I-reset-it", "How do I reset it?", "Press it.", "", ("Forgot it", "Lost it")),
            id="FastGPT",
        ),
        pytest.param(
            "maxkb",
            workbook(
                ["分段标题（选填）", "分段内容（必填）", "问题（选填，单元格内一行一个）"],
                ["Login", "Press it.", "How do I reset it?\nForgot it"],
            ),
            ("How-do-I-reset-it", "How do I reset it?", "Press it.", "", ("Forgot it", "Login")),
            id="MaxKB",
        ),
    ],
)
def test_the_files_of_other_tools_are_understood(name, data, expected):
    (faq,), problems = read(name, data)

    content = faq.draft().content
    assert problems == []
    assert (
        *(content.slug, content.question, content.answer, content.category, content.alternates),
    ) == expected


def test_questions_in_other_scripts_get_ids_that_stay_the_same():
    data = "question,answer\n如何重置？,按。\n如何重置？！,按。\nپاس ورڈ,ok\n".encode()

    first, again = (read("dify", data) for _ in range(2))

    assert first == again
    assert len({faq.slug for faq in first[0]}) == len(first[0]) == 2
