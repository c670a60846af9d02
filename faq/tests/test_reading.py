"""A file of FAQs is taken whole or not at all, and its author learns all that is wrong with it."""

from __future__ import annotations

import pickle
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.content import Content, Draft
from faq.files.formats import FORMATS
from faq.files.reader import (
    Limits,
    Problem,
    Unreadable,
    merge_alternates,
    parse_faqs,
    read_alternates,
    read_csv,
)
from faq.files.row import AlternateRow, FileRow
from faq.files.tables import Problems, Row
from faq.phrasing import is_blank, normalise

HEADER = "id,question,answer,category"
DEMO = Path(__file__).parents[2] / "data" / "faq.csv"


def file(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines]).encode()


def row(slug, question, answer, category, alternates=None, *, number=2) -> FileRow:
    values = {"slug": slug, "question": question, "answer": answer, "category": category}
    if alternates is not None:
        values["alternates"] = alternates
    return FileRow(number, values)


def tidy(text: str) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    return "" if is_blank(text) else text


def complaints(data: bytes, *, limits: Limits | None = None) -> list[str]:
    with pytest.raises(Unreadable) as refused:
        read_csv(data, limits=limits or Limits())
    return str(refused.value).splitlines()


# What it takes


def test_it_reads_every_column_and_the_number_of_the_row():
    data = file(
        'pay,How do I pay?,"By card, or cash.",payments,"Cards?\nCash?"',
        header=f"{HEADER},alternates",
    )

    assert read_csv(data) == [
        row("pay", "How do I pay?", "By card, or cash.", "payments", ("Cards?", "Cash?"))
    ]


def test_a_record_over_several_lines_counts_as_one_row_and_a_blank_one_counts():
    data = file('a,A?,"one\ntwo\nthree",x', ", ,\t,", "", "b,B?,B.,x")

    assert [(faq.slug, faq.row) for faq in read_csv(data)] == [("a", 2), ("b", 5)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(file("a,A?,B.,c"), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + file("a,A?,B.,c"), id="with a byte order mark"),
        pytest.param(file("a,A?,B.,c").replace(b"\n", b"\r\n"), id="with CR LF"),
        pytest.param(file("a,A?,B.,c").replace(b"\n", b"\r"), id="with CR"),
        pytest.param(
            file("c,B.,A?,a", header=" Category,ANSWER ,question,Id"), id="any order and case"
        ),
        pytest.param(file(" a ,\tA?\n".strip("\n") + ', B. ,"c\n"'), id="with spaces around"),
        pytest.param(b"\xef\xbb\xbf" * 2 + file("a,A?,B.,c"), id="with two byte order marks"),
        pytest.param(file("a;A?;B.;c", header=HEADER.replace(",", ";")), id="with semicolons"),
        pytest.param(file("a\tA?\tB.\tc", header=HEADER.replace(",", "\t")), id="with tabs"),
        pytest.param(b"sep=,\r\n" + file("a,A?,B.,c"), id="below a line for Excel"),
        pytest.param(file("a,A?,B.,c,,", header=f"{HEADER},,"), id="with blank columns"),
        pytest.param(file("a,A?,,B.,c", header="id,question,,answer,category"), id="one within"),
    ],
)
def test_it_reads_the_same_from_a_file(data):
    assert read_csv(data) == [row("a", "A?", "B.", "c")]


def test_what_a_short_row_does_not_have_is_empty():
    (faq,) = read_csv(file("a,A?,B.", header=f"{HEADER},alternates,owner"))

    assert faq == FileRow(2, {**row("a", "A?", "B.", "", ()).values, "owner": ""})


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        pytest.param("one\r\ntwo\rthree\n\n", "one\ntwo\nthree", id="line breaks within become LF"),
        pytest.param("\u00a0\t one\u3000", "one", id="spaces of any kind around it go"),
        pytest.param("- one\n\t- two", "- one\n\t- two", id="tabs and lists stay"),
        pytest.param("Cafe\u0301", "Caf\u00e9", id="letters are composed"),
        pytest.param("'=1", "=1", id="a neutralised formula is restored"),
        pytest.param("'tis", "'tis", id="an apostrophe of its own stays"),
    ],
)
def test_an_answer_keeps_its_text(cell, answer):
    (faq,) = read_csv(file(f'a,A?,"{cell}",c'))

    assert faq.values["answer"] == answer


def test_a_category_may_be_empty():
    (faq,) = read_csv(file("a,A?,B.,\u200b"))

    assert faq.values["category"] == ""


def test_alternates_that_repeat_the_question_or_one_another_are_left_out_as_are_blank_lines():
    data = file('a,How?,B.,c,"how\n\nWhy\tme?\nHOW ?\nwhy me"', header=f"{HEADER},alternates")

    (faq,) = read_csv(data)

    assert faq.values["alternates"] == ("Why\tme?",)


def test_the_demo_we_ship_can_be_read():
    faqs = read_csv(DEMO.read_bytes())

    assert (len(faqs), sum(len(faq.values["alternates"]) for faq in faqs)) == (45, 122)


# What it refuses


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param(b"", "the file is empty", id="nothing"),
        pytest.param(b"\xef\xbb\xbf\n \n", "the file is empty", id="nothing but blank rows"),
        pytest.param(file(), "the file has a header and nothing below it", id="only a header"),
        pytest.param(
            file("a,A?,B.,c").decode().encode("utf-16"),
            "row 1: byte 0 is UTF-16, not UTF-8; save as CSV UTF-8",
            id="UTF-16",
        ),
        pytest.param(
            file("a,A?,B.,c").decode().encode("utf-16-be"),
            "row 1: byte 0 is UTF-16, not UTF-8; save as CSV UTF-8",
            id="UTF-16 without a mark",
        ),
        pytest.param(
            file('a,A?,"one\ntwo",c', "b,café,B.,c").decode().encode("latin-1"),
            "row 3: byte 50 (0xe9) is not UTF-8; save as CSV UTF-8",
            id="latin-1, below a record of two lines",
        ),
        pytest.param(
            b"\xef\xbb\xbf\xe9",
            "row 1: byte 3 (0xe9) is not UTF-8; save as CSV UTF-8",
            id="a byte after a mark, which counts",
        ),
        pytest.param(
            file("a,A?,c", header="id,question,category"),
            "row 1: there is no column 'answer'",
            id="a missing column",
        ),
        pytest.param(
            file("a,A?,B.,c,A!", header=f"{HEADER},Question"),
            "row 1: column 'question' appears 2 times",
            id="a column twice",
        ),
        pytest.param(
            file("a,A?,B.,c,n", header=f"{HEADER},notes"),
            "row 1: unknown column 'notes'",
            id="a column it would have to drop",
        ),
        pytest.param(
            file("a,A?,B.,c,n", header=f"{HEADER},"),
            "row 2: has 5 cells; the header has 4",
            id="a note in a column without a name",
        ),
        pytest.param(
            file("a,A?,n,B.,c", header="id,question,,answer,category"),
            "row 2: cell 3 is in a column without a name",
            id="a note within",
        ),
        pytest.param(
            file("a,A?,B.,c", "ID,Question,answer,category"),
            "row 3: repeats the header",
            id="its header twice",
        ),
        pytest.param(
            file("a,A?,B.,c", 'b,B?,"B.,c', "c,C?,C.,c"),
            "row 3: a quote is never closed",
            id="an open quote",
        ),
        pytest.param(b'id,"question', "row 1: a quote is never closed", id="an open quote on top"),
        pytest.param(
            file('a,"A" or B?,B.,c'),
            "row 2: text follows a closing quote; within quotes, a quote is written twice",
            id="a quote within quotes",
        ),
        pytest.param(
            file(f"a,A?,{'B' * 131_073},c"),
            "row 2: a cell has over 131,072 characters; is a quote left open?",
            id="a cell beyond what the csv module takes",
        ),
        pytest.param(file(*["," * 300]), "row 2: has over 256 cells", id="hundreds of cells"),
        pytest.param(file("a,A?,B.,c,"), "row 2: has 5 cells; the header has 4", id="many cells"),
    ],
)
def test_it_refuses_a_file_with(data, complaint):
    assert complaints(data) == [complaint]


def test_it_names_the_column_that_is_probably_meant():
    data = file("a,A?,B.,c", header="id,qestion,answer,category")

    assert complaints(data) == [
        "row 1: there is no column 'question'; did you mean 'qestion'?",
        "row 1: unknown column 'qestion'",
    ]


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        pytest.param(",A?,B.,c", "id: is empty", id="no id"),
        pytest.param("a, ,B.,c", "question: is empty", id="a question of spaces"),
        pytest.param("a,A?,\u200b\ufeff,c", "answer: is empty", id="an answer nobody can see"),
        pytest.param("a,?!,B.,c", "question: has only punctuation", id="a question of marks"),
        pytest.param("a,A\0,B.,c", "question: contains U+0000, a control character", id="NUL"),
        pytest.param(
            "a,A?,B\x1b[1m,c", "answer: contains U+001B, a control character", id="escape"
        ),
        pytest.param("a,A\tB?,B.,c", "question: contains U+0009, a control character", id="a tab"),
        pytest.param(
            'a,"A\nB?",B.,c', "question: contains U+000A, a control character", id="a line"
        ),
        pytest.param(
            "a,A\uffff?,B.,c", "question: contains U+FFFF, a noncharacter", id="a noncharacter"
        ),
        pytest.param(
            "a,A?,#N/A,c", "answer: contains the spreadsheet error #N/A", id="a spreadsheet's error"
        ),
        pytest.param("a,A?,B.,c\x85d", "category: contains U+0085, a control character", id="C1"),
        pytest.param(
            "a b,A?,B.,c",
            "id: 'a b' is not an ASCII letter or digit, then only those and . _ -",
            id="an id with a space",
        ),
        pytest.param(
            "é,A?,B.,c",
            "id: 'é' is not an ASCII letter or digit, then only those and . _ -",
            id="an id that is not ASCII",
        ),
        pytest.param(
            "-a,A?,B.,c",
            "id: '-a' is not an ASCII letter or digit, then only those and . _ -",
            id="an id that begins with a sign",
        ),
    ],
)
def test_it_refuses_a_row_with(cells, complaint):
    assert complaints(file(cells)) == [f"row 2, {complaint}"]


@pytest.mark.parametrize(
    ("column", "most"), [("id", 100), ("question", 500), ("answer", 20_000), ("category", 100)]
)
def test_a_text_may_be_as_long_as_the_limit_and_no_longer(column, most):
    cells = {"id": "a", "question": "A?", "answer": "B.", "category": "c"}
    longest = file(",".join({**cells, column: "x" * most}.values()))
    longer = file(",".join({**cells, column: "x" * (most + 1)}.values()))

    assert len(read_csv(longest)) == 1
    assert complaints(longer) == [
        f"row 2, {column}: has {most + 1:,} characters; at most {most:,} are allowed"
    ]


def test_alternates_may_be_as_many_and_as_long_as_the_limits():
    limits = Limits(alternates=2, alternate=3)

    def of(*alternates: str) -> bytes:
        cell = "\n".join(alternates)
        return file(f'a,A?,B.,c,"{cell}"', header=f"{HEADER},alternates")

    assert len(read_csv(of("one", "two"), limits=limits)) == 1
    assert complaints(of("one", "two", "x"), limits=limits) == [
        "row 2, alternates: 'a' has 3 phrasings; at most 2 are allowed"
    ]
    assert complaints(of("four"), limits=limits) == [
        "row 2, alternates: has 4 characters; at most 3 are allowed"
    ]


def test_a_file_may_have_as_many_rows_and_bytes_as_the_limits():
    data = file("a,A?,B.,c", "b,B?,B.,c")

    assert len(read_csv(data, limits=Limits(rows=2, file_bytes=len(data)))) == 2
    assert complaints(data, limits=Limits(rows=1)) == ["row 3: is over the limit of 1 rows"]
    assert complaints(data, limits=Limits(file_bytes=40)) == [
        "the file has 47 bytes; at most 40 are allowed"
    ]


def test_an_id_may_not_be_used_twice():
    data = file("a,A?,A.,c", "b,B?,B.,c", "a,C?,C.,c")

    assert complaints(data) == ["row 4, id: 'a' is also the id of row 2"]


@pytest.mark.parametrize(
    ("second", "column"),
    [
        pytest.param("b,how do I PAY,B.,c,", "question", id="two questions"),
        pytest.param("b,B?,B.,c,How do I pay!", "alternates", id="a question and an alternate"),
    ],
)
def test_two_faqs_may_not_share_a_phrasing(second, column):
    data = file("a,How do I pay?,A.,c,", second, header=f"{HEADER},alternates")

    (complaint,) = complaints(data)

    assert complaint.startswith(f"row 3, {column}: ")
    assert complaint.endswith("leads to 'b' here and already to 'a' (row 2, question)")


def test_questions_without_words_are_not_said_to_be_shared():
    assert complaints(file("a,?,A.,c", "b,!,B.,c", "c,,C.,c", "d,,D.,c")) == [
        "row 2, question: has only punctuation",
        "row 3, question: has only punctuation",
        "row 4, question: is empty",
        "row 5, question: is empty",
    ]


def test_it_lists_every_bad_row_in_order_and_takes_none():
    data = file("a,A?,A.,c", "b,,,c", "c,a,C.,c", "d,D?,D.,c,n", "a,E?,\0,c", 'f,"F')

    assert complaints(data) == [
        "row 3, question: is empty",
        "row 3, answer: is empty",
        "row 4, question: 'a' leads to 'c' here and already to 'a' (row 2, question)",
        "row 5: has 5 cells; the header has 4",
        "row 6, answer: contains U+0000, a control character",
        "row 6, id: 'a' is also the id of row 2",
        "row 7: a quote is never closed",
    ]


def test_it_lists_so_many_problems_and_says_that_there_are_more():
    data = file(",A?,A.,c", ",B?,B.,c", ",C?,C.,c")

    assert complaints(data, limits=Limits(problems=3))[2:] == ["row 4, id: is empty"]
    assert complaints(data, limits=Limits(problems=2))[1:] == ["row 3, id: is empty", "and more"]


def test_halves_of_surrogate_pairs_are_refused_from_formats_that_can_hold_them():
    rows = [Row(1, tuple(HEADER.split(","))), Row(2, ("a", "A\ud800?", "B.", "c"))]

    with pytest.raises(Unreadable, match=r"row 2, question: contains U\+D800"):
        parse_faqs(rows, limits=Limits(), problems=Problems(most=9))


def test_what_is_wrong_survives_a_trip_between_processes():
    error = Unreadable([Problem(7, "question", "is empty")])

    assert str(pickle.loads(pickle.dumps(error))) == "row 7, question: is empty"


# Alternates in a file of their own

TWO_FAQS = [
    row("a", "A?", "A.", "c", ("Aa?",)),
    row("b", "B?", "B.", "c", number=3),
]


def test_alternates_of_a_second_file_join_those_of_the_first():
    alternates = read_alternates(b"id,alternate_question\nb,B\tb?\na,aa\na,Aaa?\n")

    assert alternates[0] == AlternateRow("b", "B\tb?", row=2)
    assert [faq.values["alternates"] for faq in merge_alternates(TWO_FAQS, alternates)] == [
        ("Aa?", "Aaa?"),
        ("B\tb?",),
    ]


def test_every_bad_row_of_alternates_is_listed():
    with pytest.raises(Unreadable) as refused:
        read_alternates(b"id,alternate_question\n,Bb?\na,\na b,B?,\n")

    assert str(refused.value).splitlines() == [
        "row 2, id: is empty",
        "row 3, alternate_question: is empty",
        "row 4: has 3 cells; the header has 2",
    ]


def test_alternates_must_lead_to_one_faq_that_exists():
    alternates = [AlternateRow("z", "A?", row=2), AlternateRow("b", "AA", row=3)]

    with pytest.raises(Unreadable) as refused:
        merge_alternates(TWO_FAQS, alternates)

    assert str(refused.value).splitlines() == [
        "row 2, id: there is no FAQ with the id 'z'",
        "row 3, alternate_question: 'AA' leads to 'b' here and already to 'a' (row 2, alternates)",
    ]


def test_alternates_of_both_files_count_together():
    with pytest.raises(Unreadable, match="'a' has 2 phrasings; at most 1"):
        merge_alternates(TWO_FAQS, [AlternateRow("a", "X?", row=2)], limits=Limits(alternates=1))


# Whatever comes

signs = st.text(alphabet="'=+-@\"\uff1d,; aB\u00e9\u0301\u200b", max_size=8)
slugs = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True)
categories = (st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8) | signs).map(tidy)
phrasings = categories.filter(normalise)
answers = st.lists(phrasings, min_size=1, max_size=3).map("\n".join)


@st.composite
def knowledge_bases(draw: st.DrawFn) -> list[Draft]:
    """FAQs as reading gives them: no id and no phrasing twice."""
    left = draw(st.lists(phrasings, min_size=1, max_size=8, unique_by=normalise))
    faqs: list[Draft] = []
    used: set[str] = set()
    while left:
        own = [left.pop() for _ in range(min(len(left), draw(st.integers(1, 4))))]
        slug = draw(slugs.filter(lambda slug: slug not in used))
        used.add(slug)
        texts = (slug, own[0], draw(answers), draw(categories), tuple(own[1:]))
        faqs.append(Draft(Content(*texts)))
    return faqs


@given(knowledge_bases())
def test_what_is_written_is_read_back_the_same(faqs):
    read = read_csv(FORMATS["csv"].write(faqs))

    assert [row.draft() for row in read] == faqs


@given(st.binary() | st.text(alphabet="a,\"\n\r\0\u00e9'=").map(lambda below: file(below)))
def test_any_bytes_are_read_or_refused_with_no_other_exception(data):
    for read in (read_csv, read_alternates):
        with suppress(Unreadable):
            read(data)
