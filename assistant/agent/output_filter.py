"""Words of a model, on their way to a person or a record.

Pure: standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from assistant.agent.grounding import plain_text
from assistant.text import tokens
from audit.privacy.redaction import find, redact
from faq.content import Content

LONGEST = 1000
"""Characters of a reasoning or of a tool's argument that are kept."""

LINK = "[LINK]"


def redact_answer(
    text: str, cited: Iterable[str], contents: Mapping[str, Content], *, region: str
) -> str:
    """A grounded text, redacted once more, but for what a cited FAQ itself says.

    The shop's own e-mail address is not personal data when its FAQ gives it.
    """
    published = "\n".join(f"{contents[one].question}\n{contents[one].answer}" for one in cited)
    pieces, end = [], 0
    for span in find(text, region=region):
        if text[span.start : span.end] not in published:
            pieces += [text[end : span.start], span.kind.placeholder]
            end = span.end
    return "".join(pieces) + text[end:]


def redact_trace(text: str, *, region: str) -> str:
    """What the model thought or searched for, as the path tells it: redacted, no links, short.

    It was never checked against any FAQ, hence must not lead anywhere.
    """
    text = redact(plain_text(text)[: 2 * LONGEST], region=region)
    for address in sorted(set(tokens.addresses(tokens.plain(text))), key=len, reverse=True):
        text = re.sub(re.escape(address), LINK, text, flags=re.IGNORECASE)
    # Folding capitals may change more than capitals; then it cannot be told apart.
    if tokens.addresses(tokens.plain(text)):
        return LINK
    return text[:LONGEST]
