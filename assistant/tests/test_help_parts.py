"""Parts of the help page that need no database: misses, colours, origins, catalogues, sizes."""

from __future__ import annotations

import gettext
import gzip
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from assistant.help.assets import loader
from assistant.help.conversation import Turn, misses
from assistant.help.models import HelpPage, contrast, footer_links, validate_origins

APP = Path(__file__).parents[1]
LANGUAGES = ("de", "ur")
TEXTS = (
    *(APP / "templates" / "help").glob("*.html"),
    *(APP / "help").glob("*.py"),
)
MESSAGE = re.compile(r'(?:\{% translate|_\()\s*"([^"]+)"|trimmed[^%]*%\}(.+?)\{% endblock')


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_the_catalogue_is_compiled(language):
    compiled = catalogue(language)
    source = (APP / "locale" / language / "LC_MESSAGES" / "django.po").read_text()
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', source, re.MULTILINE)
    texts = {text for file in TEXTS for pair in MESSAGE.findall(file.read_text()) for text in pair}
    named = {re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", text) for text in texts if text}

    assert len(named) > 60
    assert named <= compiled.keys()
    assert {text: compiled.get(text) for text, _ in pairs} == dict(pairs)
    assert all(compiled[text] for text in named)
    for text, translated in pairs:
        assert set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", translated))


def test_the_widget_is_small():
    static = APP / "static" / "help"
    frame = b"".join((static / name).read_bytes() for name in ("help.js", "help.css"))

    assert len(loader()) <= 5_000
    assert len(gzip.compress(frame)) <= 20_000, "the page itself has the other half"
