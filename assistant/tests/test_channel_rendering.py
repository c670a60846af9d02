"""Answers in the markup of each channel, in parts that fit, with no link cut."""

from __future__ import annotations

import re

import pytest

from assistant.channels.rendering import Markup, length, parts, shortened
from assistant.channels.replies import Offer, chosen_by_number, numbered

TEXT = (
    "Send it **back** to *us* & wait: [the form](https://shop.example/a?b=1&c=2).\n\n"
    "1. Print <it>\n2. Pack it\n\nDone."
)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param(
            Markup.PLAIN,
            "Send it back to us & wait: the form (https://shop.example/a?b=1&c=2).\n\n"
            "1. Print <it>\n2. Pack it\n\nDone.",
            id="plain",
        ),
        pytest.param(
            Markup.MARKDOWN,
            "Send it **back** to *us* & wait: [the form](https://shop.example/a?b=1&c=2).\n\n"
            "1. Print \\<it\\>\n2. Pack it\n\nDone.",
            id="Markdown",
        ),
        pytest.param(
            Markup.SLACK,
            "Send it *back* to _us_ &amp; wait: <https://shop.example/a?b=1&amp;c=2|the form>.\n\n"
            "1. Print &lt;it&gt;\n2. Pack it\n\nDone.",
            id="Slack",
        ),
        pytest.param(
            Markup.TELEGRAM,
            "Send it <b>back</b> to <i>us</i> &amp; wait: "
            '<a href="https://shop.example/a?b=1&amp;c=2">the form</a>.\n\n'
            "1. Print &lt;it&gt;\n2. Pack it\n\nDone.",
            id="Telegram",
        ),
    ],
)
def test_an_answer_is_written_in_the_markup_of_the_channel(markup, expected):
    assert parts(TEXT, markup, longest=4_000) == [expected]


@pytest.mark.parametrize("markup", Markup)
@pytest.mark.parametrize("longest", [160, 200, 333])
def test_a_long_answer_is_sent_in_parts_that_fit_and_no_link_is_cut(markup, longest):
    link = "[a page about **parcels**](https://shop.example/parcels?from=here)"
    text = "\n\n".join(f"{'word & ' * 12}{link} {'😀 more ' * 20}" for _ in range(4))

    written = parts(text, markup, longest=longest)

    assert max(map(length, written)) <= longest
    assert all(part.strip() == part and part for part in written)
    whole = " ".join(written)
    assert whole.count("https://shop.example/parcels?from=here") == 4
    for part in written:
        assert part.count("<a ") == part.count("</a>")
        assert part.count("<b>") == part.count("</b>")
        if markup is Markup.MARKDOWN:
            assert len(re.findall(r"\]\(https://shop\.example/parcels\?from=here\)", part)) == (
                part.count("](")
            )
        if markup is Markup.SLACK:
            assert part.count("<https") == part.count("|a page about ")


def test_a_word_that_is_longer_than_a_part_is_cut_and_nothing_is_lost():
    written = parts("a" * 1_000, Markup.PLAIN, longest=160)

    assert max(map(len, written)) <= 160
    assert "".join(written) == "a" * 1_000


def test_a_link_that_is_longer_than_a_part_becomes_its_text():
    [written] = parts(f"[The form](https://shop.example/{'a' * 400})", Markup.SLACK, longest=160)

    assert written == "The form"


@pytest.mark.parametrize(
    ("text", "plain", "slack"),
    [
        pytest.param(
            *("<jo@shop.example>", "jo@shop.example", "<mailto:jo@shop.example|jo@shop.example>"),
            id="a mail address",
        ),
        pytest.param(
            *("<https://shop.example>", "https://shop.example", "<https://shop.example>"),
            id="an address",
        ),
    ],
)
def test_a_link_that_says_where_it_leads_is_not_written_twice(text, plain, slack):
    assert parts(text, Markup.PLAIN, longest=160) == [plain]
    assert parts(text, Markup.SLACK, longest=160) == [slack]


def test_what_a_person_wrote_has_no_markup():
    text = "2 * 3 * 4\n\n1. is *one*"

    assert parts(text, Markup.PLAIN, longest=160, is_plain=True) == [text]
    assert parts(text, Markup.MARKDOWN, longest=160, is_plain=True) == [
        "2 \\* 3 \\* 4\n\n1. is \\*one\\*"
    ]


def test_a_label_is_one_line_that_fits():
    assert shortened("How do\nI return it?", 75) == "How do I return it?"
    assert shortened("a" * 80, 75) == "a" * 74 + "…"


OFFERS = (Offer("How do I *return* it?", "1"), Offer("None of these", "none"))


def test_offers_are_a_numbered_list_that_shows_their_characters():
    text = numbered(OFFERS, "Reply with a number.")

    assert parts(text, Markup.PLAIN, longest=400) == [
        "1. How do I *return* it?\n2. None of these\n\nReply with a number."
    ]


@pytest.mark.parametrize(
    ("text", "does"),
    [
        *(("1", "1"), (" 2. ", "none"), ("2)", "none"), ("3", None), ("0", None), ("٢", None)),
        *(("two", None), ("1 2", None), ("", None), ("100000", None)),
    ],
)
def test_a_number_chooses_and_anything_else_does_not(text, does):
    offer = chosen_by_number(text, OFFERS)

    assert (offer and offer.does) == does
