"""A short, readable faq_id for a new FAQ. Pure, except for the transliteration of Django."""

from __future__ import annotations

import re
from collections.abc import Container

from django.utils.text import slugify

MAX_WORDS = 4
MAX_LENGTH = 40

# Words that do not name the subject of a question.
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an am and any are at be can could did do does for from had has have how i if in is it "
        "its may me my of on or our please shall should so tell that the their them there they "
        "this to us want was we what when where which who whom whose why will with would you your",
    )
)


def short_id(question: str, used: Container[str] = ()) -> str:
    """Such as ``book-appointment`` for "How do I book an appointment?".

    At most ``MAX_LENGTH`` characters of at most ``MAX_WORDS`` words, with a number if the id is in
    ``used``; ``faq`` if the question has no Latin letters.
    """
    words = slugify(question.replace("'", "")).split("-")
    content_words = [word for word in words if word and word not in _STOP_WORDS] or words
    short = "-".join(content_words[:MAX_WORDS])[:MAX_LENGTH].strip("-_") or "faq"
    number, unused = 1, short
    while unused in used:
        number += 1
        unused = f"{short}-{number}"
    return unused
