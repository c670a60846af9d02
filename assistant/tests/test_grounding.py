"""A text of the model is shown only if FAQs of the run support it."""

from __future__ import annotations

import time

import pytest

from assistant.grounding.grounds import Grounds
from assistant.grounding.replies import check_grounding
from faq.content import Content

RETURNS = Content(
    "returns",
    "How do I return something?",
    "Sign in, choose Orders and press Return. You have 30 days; the label costs $4.50 and is "
    "taken off your refund. Questions: help@shop.example or +44 20 7946 0018, "
    "https://shop.example/returns. Swimwear cannot be returned.",
)
SHIPPING = Content(
    "shipping",
    "What does shipping cost?",
    "Shipping costs $6 within the country and takes two to four days. Over 1,000 parcels leave "
    "every day.",
)
VISIBLE = {faq.slug: faq for faq in (RETURNS, SHIPPING)}


def check(text, *citing, returned=("returns", "shipping"), relevance=1.0):
    return check_grounding(
        text,
        citing=citing,
        returned=returned,
        visible=VISIBLE,
        relevance=lambda texts: relevance,
    )


def grounds(text, *citing, **more):
    return check(text, *(citing or ("returns",)), **more).grounds


STANDS = {
    "the FAQ's own words": RETURNS.answer,
    "some of its sentences": "You have 30 days. Sign in, choose Orders and press Return.",
    "other forms of its words": "To return it sign in, then choose your order. Returns cost $4.50.",
    "a number without its sign": "The label costs 4.50.",
    "a number and nothing else": "It is 30.",
    "its number as a word": "You have thirty days.",
    "full-width digits, which read the same": "You have ３０ days.",
    "its address": "Questions? https://shop.example/returns or HELP@shop.example.",
    "its phone, set otherwise": "Questions: +44 (20) 7946-0018.",
    "numbered steps": "1. Sign in.\n2. Choose Orders.\n3. Press Return.",
    "Markdown, which goes": "**Sign in** and press `Return`.",
    "what it denies": "Swimwear cannot be returned.",
}


@pytest.mark.parametrize("text", STANDS.values(), ids=STANDS.keys())
def test_a_text_from_the_cited_faq_is_grounded(text):
    assert grounds(text) is Grounds.GROUNDED


FALLS = {
    "a URL": ("Sign in at https://evil.example/returns.", Grounds.FOREIGN_ADDRESS),
    "a longer path": ("See https://shop.example/returns/free.", Grounds.FOREIGN_ADDRESS),
    "a bare domain": ("Sign in at evil.example", Grounds.FOREIGN_ADDRESS),
    "a domain of another script": ("Sign in at ѕhop.example", Grounds.FOREIGN_ADDRESS),
    "a subdomain": ("Sign in at evil.shop.example", Grounds.FOREIGN_ADDRESS),
    "a script address": ("Press javascript:alert(1)", Grounds.FOREIGN_ADDRESS),
    "a link in Markdown": ("Press [Return](//evil.example/x)", Grounds.FOREIGN_ADDRESS),
    "an image": ("![Return](https://evil.example/x.png)", Grounds.FOREIGN_ADDRESS),
    "an e-mail": ("Questions: help@evil.example", Grounds.FOREIGN_ADDRESS),
    "an address with invisible letters": ("evil\u200b.exa\u00admple", Grounds.FOREIGN_ADDRESS),
    "a phone": ("Questions: +44 20 7946 0019", Grounds.FOREIGN_PHONE),
    "a number": ("You have 60 days.", Grounds.FOREIGN_NUMBER),
    "a number as a word": ("You have sixty days.", Grounds.FOREIGN_NUMBER),
    "a number of another FAQ": ("The label costs $6.", Grounds.FOREIGN_NUMBER),
    "a per cent sign": ("The label costs 30%.", Grounds.FOREIGN_NUMBER),
    "another unit": ("You have 30 weeks.", Grounds.FOREIGN_NUMBER),
    "Arabic-Indic digits": ("You have ٦٠ days.", Grounds.FOREIGN_NUMBER),
    "a word": ("The label is free.", Grounds.FOREIGN_WORDS),
    "one word among many": (
        "Sign in, choose Orders and press Return; the label and the champagne cost $4.50.",
        Grounds.FOREIGN_WORDS,
    ),
    "a canary": (RETURNS.answer + " pwned", Grounds.FOREIGN_WORDS),
    "nothing but glue": ("Yes, you can.", Grounds.FOREIGN_WORDS),
    "a denial where the FAQ has none": ("You do not have 30 days.", Grounds.CONTRADICTS),
    "an assent where the FAQ denies": ("Swimwear can be returned.", Grounds.CONTRADICTS),
    "nothing": (" \u200b ", Grounds.NO_TEXT),
    "null": (None, Grounds.NO_TEXT),
    "an object": ({"answer": "Sign in."}, Grounds.NO_TEXT),
    "a flood": ("return " * 1_000, Grounds.TOO_LONG),
}


@pytest.mark.parametrize(("text", "why"), FALLS.values(), ids=FALLS.keys())
def test_it_is_not_shown_when_the_cited_faq_lacks(text, why):
    verdict = check(text, "returns")

    assert verdict.grounds is why
    assert verdict.text is None


@pytest.mark.parametrize(
    ("citing", "returned", "why"),
    [
        pytest.param([], ["returns"], Grounds.NO_CITATION, id="none"),
        pytest.param(["returns"], [], Grounds.UNKNOWN_CITATION, id="one that was not returned"),
        pytest.param(["secret"], ["secret"], Grounds.UNKNOWN_CITATION, id="one not to be seen"),
        pytest.param(
            ["returns", "made-up"], ["returns"], Grounds.UNKNOWN_CITATION, id="one made up beside"
        ),
    ],
)
def test_what_it_cites_must_have_been_returned_and_be_visible(citing, returned, why):
    assert check("You have 30 days.", *citing, returned=returned).grounds is why


def test_two_cited_faqs_carry_one_answer():
    text = "Shipping costs $6; the label costs $4.50."

    assert grounds(text, "returns") is Grounds.FOREIGN_NUMBER
    assert grounds(text, "returns", "shipping") is Grounds.GROUNDED


def test_true_words_of_two_sentences_make_no_true_third_one():
    assert grounds("Swimwear is taken off your refund.") is not Grounds.GROUNDED
    assert grounds("The label costs 30 days.") is not Grounds.GROUNDED


def test_a_true_text_about_something_else_is_not_shown():
    assert grounds("You have 30 days.", relevance=0.2) is Grounds.IRRELEVANT


def test_what_states_nothing_is_left_out():
    assert check("Yes, you can. You have 30 days.", "returns").text == "You have 30 days."


@pytest.mark.parametrize("piece", ["a.", "1 ", "x@", "a.bb", "http:", "1,1.", "'a", "-1", "(1) "])
def test_time_grows_with_the_length_alone(piece):
    def seconds(length):
        started = time.perf_counter()
        grounds((piece * length)[:length])
        return time.perf_counter() - started

    seconds(4_000)

    assert seconds(4_000) < 0.25
