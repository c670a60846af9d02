"""Parts of the help page that need no database: misses, colours, origins, catalogues, sizes."""

from __future__ import annotations

import ast
import gettext
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation.template import templatize

from assistant.help.assets import loader
from assistant.help.conversation import Turn, misses
from assistant.help.models import HelpPage, contrast, footer_links, validate_origins
from assistant.help.question_index import QuestionIndex
from faq.content import Content

APP = Path(__file__).parents[1]
LANGUAGES = ("de", "ur")
TEXTS = (
    *(APP / "templates" / "help").glob("*.html"),
    *(APP / "help").glob("*.py"),
    *(APP / "channels").glob("*.py"),
)


def turn(outcome: str, *, choice: str = "", source: str = "", rating: bool | None = None) -> Turn:
    now = datetime.now(UTC)
    return Turn("id", now, "Why?", choice, outcome, source, rating=rating)


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([], 0),
        ([turn("answered")], 0),
        ([turn("unanswered"), turn("unanswered")], 2),
        ([turn("unanswered"), turn("answered")], 0),
        ([turn("answered", rating=False), turn("unanswered")], 2),
        ([turn("clarify")], 0),
        ([turn("clarify"), turn("unanswered", choice="none")], 1),
        ([turn("clarify"), turn("clarify")], 1),
        ([turn("unanswered"), turn("unanswered", source="set_reply")], 1),
    ],
)
def test_misses_are_replies_in_a_row_that_did_not_help(turns, expected):
    assert misses(turns) == expected


@pytest.mark.parametrize("colour", ["#7c3aed", "#ffcc00", "#000000", "#ffffff", "#808080"])
def test_text_on_any_colour_can_be_read(colour):
    page = HelpPage(colour=colour)

    assert contrast(page.text_colour, colour) >= 4.5


@pytest.mark.parametrize(
    "origin",
    [
        *("shop.example", "https://shop.example/", "https://*.shop.example", "*", "'self'"),
        *("https://shop.example;script-src", "javascript:x", "https://a b", "https://SHOP.example"),
    ],
)
def test_an_origin_has_a_scheme_a_host_and_nothing_else(origin):
    validate_origins("https://shop.example\nhttp://localhost:8080")

    with pytest.raises(ValidationError):
        validate_origins(origin)


@pytest.mark.parametrize("line", ["Imprint", "https://x.example", "x javascript:alert(1)"])
def test_a_footer_link_has_a_text_and_an_address(line):
    [link] = footer_links("Our imprint https://x.example/i")
    assert (link.text, link.url) == ("Our imprint", "https://x.example/i")

    with pytest.raises(ValidationError):
        footer_links(line)


def catalogue(language: str) -> dict[str, str]:
    file = APP / "locale" / language / "LC_MESSAGES" / "django.mo"
    with file.open("rb") as binary:
        return dict(gettext.GNUTranslations(binary)._catalog)  # type: ignore[attr-defined]


def translatable(file: Path) -> set[str]:
    """The keys of its texts, as in a catalogue: with the context before them, if they have one."""
    source = file.read_text()
    if file.suffix == ".html":
        # Django's own step of makemessages: a template as calls of gettext.
        source = re.sub(r"(?<!\w)u?(?=')", "", templatize(source))
        calls = re.findall(r"\b(p?gettext)\((.*?)\) ", source)
        texts = [(name, ast.literal_eval(f"({arguments},)")) for name, arguments in calls]
        assert len(texts) == len(re.findall(r"\{% (?:block)?translate ", file.read_text()))
        return {"\x04".join(words) for _, words in texts}
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    arguments = [
        call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "_"
    ]
    return {ast.literal_eval(argument) for argument in arguments}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_the_catalogue_is_compiled(language):
    compiled = catalogue(language)
    source = (APP / "locale" / language / "LC_MESSAGES" / "django.po").read_text()
    entries = re.findall(
        r'^(?:msgctxt "(.+)"\n)?msgid "(.+)"\nmsgstr "(.+)"$', source, re.MULTILINE
    )
    written = {"\x04".join(filter(None, (context, text))): to for context, text, to in entries}
    texts = set().union(*map(translatable, TEXTS))

    assert len(texts) > 80
    assert texts - written.keys() == set(), "not translated"
    assert written.keys() - texts == set(), "no longer used"
    assert written == {text: to for text, to in compiled.items() if text}, "run compilemessages"
    for text, to in written.items():
        assert set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", to))


def content(slug: str, *phrasings: str) -> Content:
    return Content(slug, phrasings[0], "Yes.", alternates=phrasings[1:])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("refu", ["refund"]),
        ("when do I get my money", ["refund"]),
        ("my parcel", ["late", "damaged"]),
        ("my parcel is broken", ["damaged", "late"]),
        ("live penguins", []),
        ("my", []),
        ("", []),
    ],
)
def test_while_somebody_types_the_questions_with_the_same_words_are_found(typed, expected):
    faqs = [
        content("refund", "When is my refund here?", "When do I get my money back?"),
        content("late", "Where is my parcel?"),
        content("damaged", "My parcel is broken"),
        content("jobs", "Are you hiring?"),
    ]
    index = QuestionIndex({faq.slug: faq for faq in faqs})

    assert [faq.slug for faq in index.find(typed, limit=2)] == expected


def test_the_loader_is_small():
    assert len(loader()) <= 5_000
