"""Files as other people's programs write them, each as it should be taken; see ``files/``."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from pathlib import Path

import openpyxl
import pytest

from faq.files import formats, xlsx_files
from faq.files.formats import FORMATS
from faq.files.mojibake import mojibake
from faq.files.reader import FileContent, Unreadable, split_valid
from faq.files.tables import Limits, Problems, Row

pytestmark = pytest.mark.slow

FILES = Path(__file__).parent / "files"
DOORS = ("door-blue", "door-red", "door-back")
AS_TEXT = "displayed differently; format the cell as text"


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """A process for each workbook takes half a second; see ``in_a_process``."""

    def rows(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
        with warnings.catch_warnings(action="ignore"):
            return xlsx_files.rows_of_workbook(data, limits, problems)

    monkeypatch.setattr(formats, "read_xlsx", rows)


@pytest.fixture
def in_a_process(monkeypatch, in_this_process):
    """As the site reads workbooks: limited in time and memory."""
    monkeypatch.setattr(formats, "read_xlsx", xlsx_files.read_xlsx)


def read_bytes(data: bytes, format: str, **limits) -> FileContent:
    return split_valid(FORMATS[format].read, data, limits=Limits(**limits))


def read(name: str) -> FileContent:
    file = FILES / name
    return read_bytes(file.read_bytes(), file.suffix.removeprefix("."))


def column(content: FileContent, name: str) -> list[str]:
    return [row.values[name] for row in content.rows]


# Taken


@pytest.mark.parametrize(
    ("name", "slugs"),
    [
        pytest.param("semicolons.csv", ("hall-a", "hall-b"), id="semicolons"),
        pytest.param("sep-line.csv", ("hall-a",), id="a first line for Excel"),
        pytest.param("short-rows.csv", tuple(f"room-{n}" for n in range(1, 20)), id="short rows"),
        pytest.param("blank-columns-at-the-end.csv", ("hall-a", "hall-b"), id="blank columns"),
        pytest.param("byte-order-mark-twice.csv", ("hall-a",), id="two byte order marks"),
        pytest.param("mojibake.csv", ("cafe",), id="mojibake"),
        pytest.param("dimension-rows-short.xlsx", DOORS, id="a sheet that says it ends earlier"),
        pytest.param("dimension-columns-short.xlsx", DOORS, id="in an earlier column"),
        pytest.param("dimension-one-cell.xlsx", DOORS, id="in its first cell"),
        pytest.param("stray-format-far-away.xlsx", DOORS, id="a format far away"),
        pytest.param("chart-sheet-first.xlsx", ("door-blue",), id="a sheet of charts first"),
    ],
)
def test_every_row_is_taken(name, slugs):
    content = read(name)

    assert content.problems == []
    assert tuple(column(content, "slug")) == slugs


@pytest.mark.parametrize("name", ["dimension-rows-short.xlsx", "dimension-columns-short.xlsx"])
def test_phrasings_beyond_the_size_that_a_sheet_states_are_there(name):
    assert column(read(name), "alternates")[0] == ("Can I use the blue door?",)


def test_line_breaks_of_excel_are_line_breaks():
    (row,) = read("line-breaks-cr-lf.xlsx").rows

    assert row.values["answer"] == "Yes, all year.\nAsk for a blanket."
    assert row.values["alternates"] == ("Is it warm in the hall?", "Do you heat the hall?")


def test_numbers_are_read_as_they_are_shown():
    content = read("number-formats.xlsx")

    assert column(content, "slug")[0] == "0007"
    assert column(content, "answer")[1:] == ["19%", "01067", "9:30"]
    assert list(map(str, content.problems)) == [f"row 5, answer: is stored as 1234.5 but {AS_TEXT}"]


@pytest.mark.usefixtures("in_a_process")
def test_a_sheet_that_is_left_out_is_named():
    content = read("two-sheets.xlsx")

    assert column(content, "slug") == ["door-blue"]
    assert content.notes == ["Sheet 'Windows' is ignored: only the first sheet is read."]


# Refused, row by row


@pytest.mark.parametrize(
    ("name", "problems"),
    [
        pytest.param("header-twice.csv", ["row 3: repeats the header"], id="two exports in one"),
        pytest.param(
            "error-values.csv",
            [
                "row 2, answer: contains the spreadsheet error #N/A",
                "row 3, answer: contains the spreadsheet error #NAME?",
            ],
            id="errors as text",
        ),
        pytest.param(
            "error-cells.xlsx",
            [
                "row 2, answer: contains the spreadsheet error #N/A",
                "row 3, answer: contains the spreadsheet error #REF!",
                "row 4, question: contains the spreadsheet error #NAME?",
            ],
            id="errors",
        ),
        pytest.param(
            "long-number-as-id.xlsx",
            [f"row 2, id: is stored as 8931470123456789504 but {AS_TEXT}"],
            id="more digits than Excel keeps",
        ),
        pytest.param(
            "formula-without-value.xlsx",
            [
                "row 2, answer: has a formula without a value; "
                "open and save the file in a spreadsheet first"
            ],
            id="a formula that nothing has computed",
        ),
        pytest.param(
            "cell-beyond-header.xlsx",
            ["row 3: has 5 cells; the header has 4"],
            id="a note beyond the header",
        ),
        pytest.param(
            "objects-as-text.json",
            [
                "row 2, question: is an object, not a string",
                "row 2, answer: is a list, not a string",
                "row 2, alternates: contains a list; only strings are allowed",
            ],
            id="objects as texts",
        ),
        pytest.param("key-twice.json", ["row 2: has question twice"], id="a name twice"),
        pytest.param(
            "noncharacter.json", ["row 2, question: contains U+FFFF, a noncharacter"], id="U+FFFF"
        ),
    ],
)
def test_invalid_content_is_reported_with_its_row(name, problems):
    assert list(map(str, read(name).problems)) == problems


def test_not_a_number_is_no_json():
    with pytest.raises(Unreadable, match="NaN is not a JSON number"):
        read("not-a-number.json")


def test_a_truth_value_is_no_category():
    data = (FILES / "not-a-number.json").read_bytes().replace(b"NaN", b'"Yes."')

    content = read_bytes(data, "json")

    assert list(map(str, content.problems)) == ["row 2, category: is a boolean, not a string"]


def test_what_an_object_does_not_name_stays_as_it_is():
    faqs = [
        {"id": "a", "question": "A?", "answer": "A.", "alternates": ["Aa?"]},
        {"id": "b", "question": "B?", "answer": "B.", "category": None},
    ]

    first, second = read_bytes(json.dumps(faqs).encode(), "json").rows

    assert first.values.keys() == {"slug", "question", "answer", "alternates"}
    assert second.values.keys() == {"slug", "question", "answer", "category"}


# Warned of


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            "Is the cafÃ© open?",
            "cafÃ© looks like café in a wrong encoding; save the file as UTF-8",
            id="é",
        ),
        pytest.param(
            "Itâ€™s open",
            "Itâ€™s looks like It’s in a wrong encoding; save the file as UTF-8",
            id="a quote",
        ),
        pytest.param("Is the café à Orléans öffnet?", "", id="as it should be"),
        pytest.param("Ça va? ÄÖÜ. £5 – 7", "", id="capitals and signs"),
    ],
)
def test_a_text_in_a_wrong_encoding_is_recognised(text, warning):
    assert mojibake(text) == warning


# Bounded in time and memory, whatever a small file claims


def altered(change, name="dimension-rows-short.xlsx") -> bytes:
    """The workbook with its sheet's XML changed."""
    data = io.BytesIO()
    with (
        zipfile.ZipFile(FILES / name) as old,
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "xl/worksheets/sheet1.xml":
                content = change(content)
            new.writestr(member.filename, content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        pytest.param("99999999999", "A99999999999", id="in a row that no sheet has"),
        pytest.param("1048576", "XFD1048576", id="in the last row and column"),
        pytest.param("1048576", "ZZZ1048576", id="in a column that no sheet has"),
    ],
)
def test_a_cell_far_away_costs_nothing(row, cell):
    far = f'<row r="{row}"><c r="{cell}"/></row></sheetData>'.encode()

    content = read_bytes(altered(lambda sheet: sheet.replace(b"</sheetData>", far)), "xlsx")

    assert tuple(column(content, "slug")) == DOORS


def test_rows_below_many_blank_ones_are_not_read_and_that_is_said():
    book = openpyxl.Workbook()
    book.active.append(["id", "question", "answer", "category"])
    book.active.append(["a", "A?", "A.", ""])
    book.active.cell(20_000, 1, "b")
    data = io.BytesIO()
    book.save(data)

    content = read_bytes(data.getvalue(), "xlsx")

    assert column(content, "slug") == ["a"]
    assert content.notes == ["Sheet 'Sheet' is read up to row 2: 10,000 blank rows follow."]


@pytest.mark.usefixtures("in_a_process")
def test_a_workbook_that_takes_too_long_is_given_up():
    with pytest.raises(Unreadable, match="took over 0 seconds"):
        read_bytes((FILES / "two-sheets.xlsx").read_bytes(), "xlsx", seconds=0.01)


@pytest.mark.usefixtures("in_a_process")
def test_a_workbook_that_takes_too_much_memory_is_given_up():
    row = b"<row>" + b"<c/>" * 500_000 + b"</row>"
    data = altered(lambda sheet: sheet.replace(b"</sheetData>", row + b"</sheetData>"))

    with pytest.raises(Unreadable, match="needs too much memory"):
        read_bytes(data, "xlsx", memory_bytes=150_000_000)


def test_many_names_of_their_own_are_one_problem_a_row():
    faqs = [{"id": f"f{n}", "question": f"Q{n}?", "answer": "A.", f"own-{n}": ""} for n in range(9)]

    content = read_bytes(json.dumps(faqs).encode(), "json")

    assert len(content.problems) == 9
    assert str(content.problems[0]) == "row 2: has unknown names: 'own-0'"


def test_json_of_very_many_values_is_refused_unread():
    with pytest.raises(Unreadable, match="over 2,000,000 values"):
        read_bytes(b"[" + b"{}," * 2_000_000 + b"{}]", "json")
