"""Answers as HTML: lists, links and bold text, and nothing that could run."""

from __future__ import annotations

import pytest

from faq.markdown import to_html


def test_paragraphs_lists_links_and_bold_text_become_tags():
    text = "Send it **free**:\n\n1. Pack it.\n2. Print the [label](https://shop.example/label)."

    html = to_html(text)

    assert "<strong>free</strong>" in html
    assert "<ol>\n<li>Pack it.</li>" in html
    assert '<a href="https://shop.example/label" rel="noopener noreferrer nofollow"' in html


def test_a_plain_text_keeps_its_line_breaks():
    assert to_html("From nine\nto six.\n\nNot on Sunday.") == (
        "<p>From nine<br>\nto six.</p>\n<p>Not on Sunday.</p>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html,x)",
        "[x](vbscript:x)",
        "[x](//evil.example)",
        "<javascript:alert(1)>",
        "![x](https://evil.example/x.png)<svg onload=alert(1)>",
        '[x](https://a.example/"onmouseover="alert(1))',
    ],
)
def test_nothing_in_an_answer_can_run(text):
    html = to_html(text)

    dangerous = ("<script", "<img", "<svg", 'href="j', 'href="/', 'href="d', 'href="v')
    assert not any(tag in html for tag in dangerous)
    assert '"onmouseover' not in html


@pytest.mark.parametrize("text", ["# No. 1", "    four blanks", "a `b` c", "> 5"])
def test_other_marks_stay_as_they_were_typed(text):
    assert to_html(text) == f"<p>{text.strip().replace('>', '&gt;')}</p>"
