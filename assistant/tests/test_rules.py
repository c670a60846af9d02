"""Close texts of another meaning: what is negated, numbers, codes and names."""

from __future__ import annotations

import pytest

from assistant.meaning.identifiers import missing
from assistant.meaning.names import Names, other_name
from assistant.meaning.polarity import difference
from assistant.meaning.underspecified import is_underspecified
from assistant.meaning.wording import Rule, Wording
from faq.content import Content


@pytest.mark.parametrize(
    ("question", "phrasing"),
    [
        ("I do NOT want to cancel my order", "How do I cancel an order?"),
        ("please don't cancel my order", "Can I cancel my order?"),
        ("dont cancel it", "How do I cancel an order?"),
        ("I no longer want to return it", "How do I return an item?"),
        ("never mind, no need to cancel the order", "Can I cancel my order?"),
        ("how do I not subscribe", "How do I subscribe?"),
        ("I don't need an invoice", "Where do I find my invoice?"),
        ("I did not forget my password", "I forgot my password"),
        ("I was not charged twice", "I was charged twice"),
        ("My item did NOT arrive damaged", "My item arrived damaged"),
        ("you did not send the wrong item", "I received the wrong item"),
        ("nothing is wrong with it", "Something is wrong with it"),
        ("my payment was not declined", "My payment was declined. Why?"),
        ("I did get an order confirmation", "I did not get an order confirmation"),
        ("my code works", "My code does not work"),
        ("I can sign in", "I can't sign in"),
    ],
)
def test_a_question_that_negates_the_phrasing_differs(question, phrasing):
    assert difference(question, phrasing)


@pytest.mark.parametrize(
    ("question", "phrasing"),
    [
        ("I did not get an order confirmation", "I did not get an order confirmation. What now?"),
        ("I haven't received my money back", "I have not received my money back"),
        ("I did not receive a confirmation", "I did not get a confirmation"),
        ("I don't know how to reset my password", "How do I reset my password?"),
        ("I cannot find my invoice", "Where do I find my invoice?"),
        ("why can't I cancel my order", "How do I cancel an order?"),
        ("can't I pay by invoice?", "Can I pay by invoice?"),
        ("isn't there a minimum order value?", "Is there a minimum order value?"),
        ("my discount code isn't accepted", "How do I use a discount code?"),
        ("the parcel never arrived", "My parcel is missing"),
        ("my order has not arrived", "When will my order arrive?"),
        ("I don't remember my password", "I forgot my password"),
        (
            "I don't need the transfer anymore and I want to cancel it.",
            "How do I cancel a transfer?",
        ),
        ("I no longer have my phone", "I have lost my phone"),
        ("the ATM didn't give me all the money", "The ATM gave me less money"),
        ("don't want to register", "Order without registering"),
        ("how do I get a confirmation", "I did not get a confirmation"),
        ("not only cups", "cups"),
        ("", ""),
    ],
)
def test_a_lack_or_a_question_does_not_differ(question, phrasing):
    assert difference(question, phrasing) is None


@pytest.mark.parametrize(
    ("question", "phrasing", "words"),
    [
        ("turn off two-factor sign-in", "How do I turn on two-factor sign-in?", ("off", "on")),
        ("turn the lights up", "turn the lights down", ("up", "down")),
        ("can I change it before ordering", "Can I change it after ordering?", ("before", "after")),
        ("order with an account", "Order without an account", ("with", "without")),
        ("I received the right item", "I received the wrong item", ("right", "wrong")),
        ("activate my card", "Deactivate my card", ("activat", "deactivat")),
        ("my card was accepted", "My card was declined", ("accept", "declin")),
    ],
)
def test_opposites_differ(question, phrasing, words):
    matches = difference(question, phrasing)

    assert matches
    assert (matches.question, matches.phrasing) == words


@pytest.mark.parametrize(
    ("question", "phrasing", "others"),
    [
        ("I did not get the right item", "I received the wrong item", ()),
        ("my card was declined", "Card not accepted", ()),
        ("subscribe to it", "How do I unsubscribe from it?", ("Subscribe to it",)),
        ("unblock my card", "My card is blocked", ()),
        ("how do I get it on my card", "Can I turn it off?", ()),
        ("can I add it before it ships", "Can I add it after ordering?", ()),
        ("right now I have the wrong item", "I have the wrong item", ()),
    ],
)
def test_opposites_that_come_to_the_same_do_not_differ(question, phrasing, others):
    assert difference(question, phrasing, others) is None


@pytest.mark.parametrize(
    ("question", "phrasings", "value"),
    [
        ("What does error 4033 mean?", ["What does error 4031 mean?"], "4033"),
        ("error code 403", ["What does error 4031 mean?"], "403"),
        ("error E4031", ["What does error 4031 mean?"], "e4031"),
        ("my statement of 2026", ["Where is my statement for 2025?"], "2026"),
        ("how many users in tier five", ["How many users can Tier 1 have?"], "5"),
        ("what is in plan C", ["What is in plan A?"], "c"),
        ("Windows 11", ["Does it run on Windows 10?"], "11"),
        ("can I return it after 45 days", ["Can I return it after 30 days?"], "45"),
        ("vitamin d", ["Is vitamin C in it?"], "d"),
    ],
)
def test_another_number_code_or_letter_in_its_place_is_named(question, phrasings, value):
    assert missing(question, phrasings) == value


@pytest.mark.parametrize(
    ("question", "phrasings"),
    [
        ("i get error 4031", ["What does error 4031 mean?"]),
        ("error 4031 on order 99812", ["What does error 4031 mean?"]),
        ("how many users in tier two", ["How many users can Tier 2 have?"]),
        ("tier II", ["How many users can Tier 2 have?"]),
        ("what's included with A", ["What is in plan A?"]),
        ("Where is my order 12345?", ["Where is my order?"]),
        ("1,000 euros", ["Can I pay 1000 euros?"]),
        pytest.param(
            "transfer 300 euros", ["transfer 100 euros", "transfer 200 euros"], id="examples"
        ),
        pytest.param("wake me at 7 am", ["wake me at 6 am"], id="a time of day"),
        pytest.param("on 5 May", ["on 6 May"], id="a day of a month"),
        pytest.param("I want a refund", ["What is in plan A?"], id="words of one letter"),
        ("", []),
    ],
)
def test_its_own_numbers_and_those_without_a_rival_are_not(question, phrasings):
    assert missing(question, phrasings) == ""


NAMES = Names.of(
    [
        "Can I take Zolarin with alcohol?",
        "Is the Velto lamp dimmable?",
        "Do you take PayPal?",
        "Where is my PIN?",
        "paypal fees",
    ]
)
VOCABULARY = "can i take with alcohol is the lamp table dimmable do you it in stock"
MODEL_WORDS = frozenset(VOCABULARY.split())


def other(question, phrasing, *, typed="", texts=()):
    return other_name(
        question,
        phrasing,
        typed=typed or question,
        faq_texts=[phrasing, *texts],
        names=NAMES,
        model_words=MODEL_WORDS,
    )


def test_names_are_what_a_release_writes_with_a_capital_within_a_sentence():
    assert set(NAMES.followed_by) == {"zolarin", "velto"}


@pytest.mark.parametrize(
    ("question", "phrasing", "names"),
    [
        ("Can I take Zolaris with alcohol?", "Can I take Zolarin with alcohol?", "zolaris"),
        ("can i take ibuprofen", "Can I take Zolarin with alcohol?", "ibuprofen"),
        ("is the velto2 lamp dimmable", "Is the Velto lamp dimmable?", "velto2"),
        ("is the velto table dimmable", "Is the Velto lamp dimmable?", "velto table"),
    ],
)
def test_another_name_in_its_place_is_named(question, phrasing, names):
    matches = other(question, phrasing)

    assert matches
    assert matches.question == names


def test_a_name_counts_as_it_was_typed():
    phrasing = "Can I take Zolarin with alcohol?"

    assert other("can i take table", phrasing, typed="can i take tabel")
    assert other("zolarin with alcohol", phrasing, typed="zolarin with alcohl") is None


@pytest.mark.parametrize(
    ("question", "phrasing", "texts"),
    [
        ("is the velto lamp dimmable", "Is the Velto lamp dimmable?", ()),
        ("can i take it with alcohol", "Can I take Zolarin with alcohol?", ()),
        ("do you take klarna", "Do you take it?", ()),
        ("can i take zolarmax", "Can I take Zolarin with alcohol?", ("Zolarmax: yes.",)),
        ("zolar with alcohol", "Can I take Zolarin with alcohol?", ()),
    ],
)
def test_the_same_name_a_short_form_or_none_is_not(question, phrasing, texts):
    assert other(question, phrasing, texts=texts) is None


def test_a_conflict_names_the_rule_and_the_words():
    content = Content("twice", "I was charged twice", "Wait three days.")
    wording = Wording.of({"twice": content})

    conflict = wording.conflict("I was not charged twice", "twice", "I was charged twice")

    assert conflict
    assert conflict.rule is Rule.POLARITY
    assert wording.conflict("charged twice", "twice", "I was charged twice") is None
    assert wording.conflict("I was not charged", "unheard-of", "I was charged") is None


def test_a_misspelt_ordinary_word_is_no_name():
    phrasing = "Can I take Zolarin with alcohol?"

    assert other("is it in stock", phrasing, typed="is it in stocck") is None
    assert other("can i take table with it", phrasing, typed="can i take tablle with it")


@pytest.mark.parametrize(
    ("question", "phrasing", "rival"),
    [
        (
            "what is included in the plan",
            "What is included in plan A?",
            "What is included in plan B?",
        ),
        ("my tax statement", "Where is my tax statement for 2024?", "My tax statement for 2025"),
        (
            "two-factor sign-in",
            "How do I turn on two-factor sign-in?",
            "Turn two-factor sign-in off",
        ),
        ("the magazine", "Subscribe to the magazine", "How do I unsubscribe from the magazine?"),
        ("a problem with my order", "My order is incomplete", "Where is my order?"),
    ],
)
def test_a_question_that_fits_two_faqs_alike_is_underspecified(question, phrasing, rival):
    assert is_underspecified(question, phrasing, rival)
    assert is_underspecified(question, rival, phrasing)


@pytest.mark.parametrize(
    ("question", "phrasing", "rival"),
    [
        ("what does plan A include", "What is included in plan A?", "What is included in plan B?"),
        ("tier two: how many users", "How many users can Tier 2 have?", "How many in Tier 1?"),
        ("unsubscribe", "How do I unsubscribe?", "How do I subscribe?"),
        ("two-factor on", "Turn on two-factor sign-in", "Turn off two-factor sign-in"),
        ("how long does it take", "How long does delivery take?", "How long does a refund take?"),
        (
            "a problem verifying my identity",
            "I cannot verify my identity",
            "Why verify my identity?",
        ),
        ("", "What is included in plan A?", "What is included in plan B?"),
    ],
)
def test_a_question_with_a_word_that_tells_them_apart_is_not(question, phrasing, rival):
    assert not is_underspecified(question, phrasing, rival)
