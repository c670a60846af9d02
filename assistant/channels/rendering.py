"""Answers in the markup of a channel, in parts that are not longer than it allows. Pure.

A part never ends inside a link, or inside its markup. Sources of the markups:
https://api.slack.com/reference/surfaces/formatting and
https://core.telegram.org/bots/api#html-style
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from html import escape

from faq.markdown import Block, Span, to_blocks

BETWEEN = "\n\n"
INDENT = "  "


class Markup(StrEnum):
    MARKDOWN = "markdown"
    PLAIN = "plain"
    SLACK = "slack"
    TELEGRAM = "telegram"


def parts(text: str, markup: Markup, *, longest: int, is_plain: bool = False) -> list[str]:
    """The Markdown ``text`` in parts of at most ``longest`` UTF-16 units, markup included.

    At least one part. A link that alone is longer than ``longest`` becomes text. ``is_plain``: no
    character of the text is markup.
    """
    blocks = _paragraphs(text) if is_plain else to_blocks(text)
    done: list[str] = []
    current, was_in_list = "", False
    for block in blocks:
        whole = _rendered(block, markup)
        gap = "\n" if block.depth and was_in_list else BETWEEN
        was_in_list = block.depth > 0
        joined = f"{current}{gap}{whole}" if current else whole
        if length(joined) <= longest:
            current = joined
            continue
        if current:
            done.append(current)
        *full, current = _split(block, markup, longest) if length(whole) > longest else [whole]
        done += full
    return [*done, current] if current or not done else done


def _paragraphs(text: str) -> list[Block]:
    return [Block((Span(part),)) for part in text.split(BETWEEN) if part.strip()]


def length(text: str) -> int:
    """In UTF-16 units, as Telegram counts; never less than the number of characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shortened(text: str, longest: int) -> str:
    """On one line, with an ellipsis if it is longer. For labels of buttons."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _rendered(block: Block, markup: Markup) -> str:
    text = "".join(map(_WRITERS[markup], block.spans))
    indent = INDENT * max(block.depth - 1, 0)
    return f"{indent}{block.marker} {text}" if block.marker else text


def _split(block: Block, markup: Markup, longest: int) -> list[str]:
    """The block in parts, between words where possible."""
    write = _WRITERS[markup]
    done: list[str] = []
    # The finished text, and the last span, which grows while words have its style.
    written, last = _rendered(replace(block, spans=()), markup), Span("")
    for word in _words(block.spans, markup, longest):
        joined = _joined(last, word)
        full = length(
            f"{written}{write(joined)}" if joined else f"{written}{write(last)}{write(word)}"
        )
        if full > longest:
            done.append(f"{written}{write(last)}".rstrip())
            written, last = "", replace(word, text=word.text.lstrip())
        elif joined:
            last = joined
        else:
            written, last = written + write(last), word
    return [*done, f"{written}{write(last)}".rstrip()]


def _joined(span: Span, word: Span) -> Span | None:
    """One span, so that its marks are not repeated; None if the styles differ."""
    if word.href or replace(span, text="") != replace(word, text=""):
        return None
    return replace(span, text=span.text + word.text)


def _words(spans: Sequence[Span], markup: Markup, longest: int) -> Iterator[Span]:
    write = _WRITERS[markup]
    # A marker such as "12. " comes before the first word.
    room = longest - 8
    for span in spans:
        if span.href and length(write(span)) <= room:
            yield span
            continue
        for word in _between_spaces(span.text):
            rest = replace(span, text=word, href="")
            while length(write(rest)) > room:
                size = max(1, room // 8)
                yield replace(rest, text=rest.text[:size])
                rest = replace(rest, text=rest.text[size:])
            yield rest


def _between_spaces(text: str) -> Iterator[str]:
    """Words, each with the space before it."""
    word = ""
    for character in text:
        if character.isspace() and word.strip():
            yield word
            word = ""
        word += character
    if word:
        yield word


# --- Markups --------------------------------------------------------------------------------------


_MARKS = re.compile(r"([\\*_\[\]<>`])")


def _markdown(span: Span) -> str:
    text = _MARKS.sub(r"\\\1", span.text)
    if span.href:
        address = span.href.replace("(", "%28").replace(")", "%29")
        return f"[{text}]({address})"
    return _wrapped(replace(span, text=text), "**", "*")


def _plain(span: Span) -> str:
    named = (span.text, f"mailto:{span.text}", f"tel:{span.text}")
    return f"{span.text} ({span.href})" if span.href and span.href not in named else span.text


def _slack(span: Span) -> str:
    text = escape(span.text, quote=False)
    if not span.href:
        return _wrapped(replace(span, text=text), "*", "_")
    address = escape(span.href, quote=False).replace("|", "%7C")
    return f"<{address}>" if span.text == span.href else f"<{address}|{text.replace('|', '¦')}>"


def _telegram(span: Span) -> str:
    text = escape(span.text, quote=False)
    if span.href:
        return f'<a href="{escape(span.href)}">{text}</a>'
    if span.is_italic:
        text = f"<i>{text}</i>"
    return f"<b>{text}</b>" if span.is_bold else text


def _wrapped(span: Span, bold: str, italic: str) -> str:
    """Marks directly at the words: a space inside them would show them as typed."""
    words = span.text.strip()
    if not words:
        return span.text
    before, _, after = span.text.partition(words)
    if span.is_italic:
        words = f"{italic}{words}{italic}"
    if span.is_bold:
        words = f"{bold}{words}{bold}"
    return f"{before}{words}{after}"


_WRITERS: dict[Markup, Callable[[Span], str]] = {
    Markup.MARKDOWN: _markdown,
    Markup.PLAIN: _plain,
    Markup.SLACK: _slack,
    Markup.TELEGRAM: _telegram,
}
