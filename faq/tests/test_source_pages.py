"""Questions and answers of web pages: JSON-LD, details, lists, headings; odd pages as well."""

from __future__ import annotations

import json

import pytest

from faq.markdown import to_html
from faq.sources.html_pages import (
    UnreadablePage,
    has_password_field,
    html_to_markdown,
    page_pairs,
)
from faq.sources.matching import match
from faq.sources.pairs import Pair, hash_of, merge

ADDRESS = "https://shop.example/help/faq"


def read(html, *, charset=None):
    page = html if isinstance(html, bytes) else html.encode()
    return page_pairs(page, charset=charset, address=ADDRESS)


def texts(html, **options):
    return [(pair.question, pair.answer) for pair in read(html, **options)]


def json_ld(*questions, kind="FAQPage"):
    document = {
        "@context": "https://schema.org",
        "@type": kind,
        "mainEntity": [
            {
                "@type": "Question",
                "name": question,
                "acceptedAnswer": {"@type": "Answer", "text": answer},
            }
            for question, answer in questions
        ],
    }
    return f'<script type="application/ld+json">{json.dumps(document)}</script>'


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(json_ld(("Is it new?", "<p>Yes, it is.</p>")), id="JSON-LD"),
        pytest.param(
            json_ld(("Is it new?", "&lt;p&gt;Yes, it is.&lt;/p&gt;")), id="JSON-LD, escaped twice"
        ),
        pytest.param(
            '<script type="application/ld+json">{"@graph": [{"@type": ["WebPage", "FAQPage"],'
            ' "mainEntity": {"name": "Is it new?", "acceptedAnswer": [{"text": "Yes, it is."}]}}]}'
            "</script>",
            id="JSON-LD within a graph",
        ),
        pytest.param(
            "<details><summary><h3>Is it new?</h3></summary>Yes, it is.</details>", id="details"
        ),
        pytest.param("<dl><dt>Is it new?</dt><dd>Yes, it is.</dd></dl>", id="list"),
        pytest.param("<dl><div><dt>Is it new?<dd>Yes, it is.</div></dl>", id="list in groups"),
        pytest.param("<h2>Is it new?</h2><p>Yes, it is.</p>", id="heading"),
        pytest.param(
            "<div><div><h3><button>Is it new?</button></h3></div><div>Yes, it is.</div></div>",
            id="heading in a box",
        ),
        pytest.param(
            "<h2>Is it new?</h2><p>Yes, it is.</p><h2>News</h2><p>None.</p>",
            id="heading, then one that does not ask",
        ),
        pytest.param(
            "<nav><h2>Lost?</h2>Go home.</nav><h2>Is it new?</h2><p>Yes, it is.</p>"
            "<script>1</script><footer><h2>More?</h2>Write.</footer>",
            id="navigation and footer are no questions",
        ),
    ],
)
def test_each_form_gives_its_pair(html):
    assert texts(f"<html><body>{html}</body></html>") == [("Is it new?", "Yes, it is.")]


def test_a_question_in_two_forms_is_read_once_and_the_structured_data_decides():
    html = json_ld(("Is it new?", "Yes, of course.")) + (
        "<details><summary>Is it NEW?</summary>Read more.</details>"
        "<details><summary>Is it old?</summary>No, it is not.</details>"
    )

    assert texts(html) == [("Is it new?", "Yes, of course."), ("Is it old?", "No, it is not.")]


def test_questions_with_the_same_answer_are_one_pair_unless_it_is_only_a_word():
    html = (
        "<dl><dt>Is it new?<dt>How old is it?<dd>It is two days old.</dl>"
        "<h2>What age has it?</h2>It is two <!-- - -->days old."
        "<h2>Is it red?</h2><p>Yes.</p><h2>Is it round?</h2><p>Yes.</p>"
    )

    pairs = read(html)

    assert [(pair.question, pair.alternates) for pair in pairs] == [
        ("Is it new?", ("How old is it?", "What age has it?")),
        ("Is it red?", ()),
        ("Is it round?", ()),
    ]


def test_nested_details_are_pairs_of_their_own():
    html = """
        <details><summary>Delivery</summary>
          <details><summary>How long?</summary>Three days at most.</details>
          <details><summary>How much?</summary>Nothing at all, ever.</details>
        </details>
        <details><summary>Returns</summary>Within a month, always.
          <details><summary>Who pays?</summary>We pay for it.</details>
        </details>
        <details><summary>Paying</summary><h4>By card?</h4><p>Yes, by any card.</p></details>
    """

    assert texts(html) == [
        ("How long?", "Three days at most."),
        ("How much?", "Nothing at all, ever."),
        ("Returns", "Within a month, always."),
        ("Who pays?", "We pay for it."),
        ("By card?", "Yes, by any card."),
    ]


def test_html_becomes_the_markdown_of_answers():
    html = """<p>Go to the <a href="/account (new)">account</a> and <strong>sign
        in</strong>:</p><ol><li>Press <em>Edit</em>.</li><li>Save<br>it.</li></ol>
        <h4>Prices</h4><table><tr><th>Size</th><th>Price</th></tr><tr><td>S</td><td>5</td></tr>
        </table><p>No <a href="javascript:alert(1)">tricks</a>, no <code>code</code>.</p>
        <img src="x.png" alt="A key."><script>alert(1)</script>"""

    markdown = html_to_markdown(html, address=ADDRESS)

    assert markdown == (
        "Go to the [account](https://shop.example/account%20%28new%29) and **sign in**:\n\n"
        "1. Press *Edit*.\n2. Save\n   it.\n\n**Prices**\n\nSize | Price\nS | 5\n\n"
        "No tricks, no code.\n\nA key."
    )
    assert "<script" not in to_html(markdown)
    assert 'href="https://shop.example/account' in to_html(markdown)


@pytest.mark.parametrize(
    "script",
    ["{not json,}", "", "null", '{"@type": "FAQPage"}', '"FAQPage"', "[" * 100_000],
    ids=["no JSON", "empty", "null", "without questions", "a string", "nested without end"],
)
def test_bad_structured_data_does_not_hide_the_page(script):
    html = f'<script type="application/ld+json">{script}</script><h2>Is it new?</h2><p>No.</p>'

    assert texts(html) == [("Is it new?", "No.")]


@pytest.mark.parametrize(
    ("page", "charset"),
    [
        ("<h2>Größe?</h2><p>Ä bis Ü.</p>".encode("latin-1"), "iso-8859-1"),
        ('<meta charset="latin1"><h2>Größe?</h2><p>Ä bis Ü.</p>'.encode("latin-1"), None),
        ("<h2>Größe?</h2><p>Ä bis Ü.</p>".encode(), "utf-8"),
        ('<meta charset="utf-8"><h2>Größe?</h2><p>Ä bis Ü.</p>'.encode(), None),
        ("\ufeff<h2>Größe?</h2><p>Ä bis Ü.</p>".encode("utf-16"), None),
    ],
)
def test_other_character_sets_are_read(page, charset):
    assert texts(page, charset=charset) == [("Größe?", "Ä bis Ü.")]


def test_a_page_without_end_tags_or_without_anything_is_no_failure():
    assert texts("<dl><dt>New?<dd>Yes, it is.<dt>Old?<dd>No, it is not.") == [
        ("New?", "Yes, it is."),
        ("Old?", "No, it is not."),
    ]
    assert texts("<h2>Only a question?</h2>") == []
    assert texts(b"") == []


def test_a_page_that_is_nested_without_end_is_refused():
    with pytest.raises(UnreadablePage):
        read("<details><summary>New?</summary>" + "<div>" * 20_000 + "x")


def test_a_page_that_asks_to_sign_in_is_recognised():
    assert has_password_field(b"<form><input type=Password></form>", charset=None)
    assert not has_password_field(b"<form><input type=search></form>", charset=None)


def test_the_hash_is_of_the_pairs_in_any_order():
    one, other = Pair("A?", "a"), Pair("B?", "b")

    assert hash_of([one, other]) == hash_of([other, one])
    assert hash_of([one]) != hash_of([Pair("A?", "b")])


# --- Matching -------------------------------------------------------------------------------------

OLD = [
    Pair("Is it new?", "Yes, it is new.", ("How old is it?",)),
    Pair("Who pays?", "We pay for it.", key="7"),
]


@pytest.mark.parametrize(
    ("pair", "at"),
    [
        pytest.param(Pair("is it NEW", "No, it is not."), 0, id="same question, new answer"),
        pytest.param(Pair("How old is it?", "Very old, sadly."), 0, id="same other wording"),
        pytest.param(Pair("Is it fresh?", "Yes,  it is new."), 0, id="same answer"),
        pytest.param(Pair("Costs", "Nothing at all.", key="7"), 1, id="same article"),
        pytest.param(Pair("Costs", "Nothing at all.", key="8"), None, id="another article"),
        pytest.param(Pair("Who pays?", "We pay for it.", key="8"), 1, id="article with a new id"),
    ],
)
def test_what_is_the_same_pair(pair, at):
    matched = match(OLD, [pair])

    assert matched.present == ([] if at is None else [(at, pair)])
    assert matched.new == ([pair] if at is None else [])


def test_two_questions_that_no_longer_share_an_answer_are_two_faqs():
    same, separate = Pair("Is it new?", "Yes, it is new."), Pair("How old is it?", "Two days old.")

    matched = match(OLD, [separate, same])

    assert (matched.present, matched.new, matched.missing) == ([(0, same)], [separate], [1])


def test_merging_keeps_the_first_of_equal_questions():
    assert merge([Pair("A?", "one of them"), Pair("a", "another one")]) == [
        Pair("A?", "one of them")
    ]
    assert merge([Pair("?", "no question"), Pair("B?", " ")]) == []
