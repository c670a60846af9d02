"""Redact a model's text before it is shown or recorded.

Pure: standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from assistant.grounding.replies import plain_text
from assistant.text import tokens
from audit.privacy.redaction import find, redact
from faq.content import Content

MAX_LENGTH = 1000
"""Characters of a reasoning or of a tool's argument in a trace."""

LINK = "[LINK]"


def redact_answer(
    text: str, cited: Iterable[str], contents: Mapping[str, Content], *, region: str
) -> str:
    """Redact a grounded text, except for what a cited FAQ itself contains.

    The shop's own e-mail address is not personal data when an FAQ publishes it.
    """
    published = "\n".join(
        f"{contents[faq_id].question}\n{contents[faq_id].answer}" for faq_id in cited
    )
    pieces, end = [], 0
    for span in find(text, region=region):
        if text[span.start : span.end] not in published:
            pieces += [text[end : span.start], span.kind.placeholder]
            end = span.end
    return "".join(pieces) + text[end:]


def redact_trace(text: str, *, region: str) -> str:
    """The model's reasoning or search words for the path: redacted, without links, shortened.

    This text is not checked against any FAQ, so it must not contain links.
    """
    text = redact(plain_text(text)[: 2 * MAX_LENGTH], region=region)
    for address in sorted(set(tokens.addresses(tokens.plain(text))), key=len, reverse=True):
        text = re.sub(re.escape(address), LINK, text, flags=re.IGNORECASE)
    # Case folding may change the text's length; then a link cannot be located.
    if tokens.addresses(tokens.plain(text)):
        return LINK
    return text[:MAX_LENGTH]
