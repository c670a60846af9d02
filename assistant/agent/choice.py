"""The prompts by which a model chooses an FAQ, and how its reply is read.

Pure: standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from assistant.agent.prompt import RULES, Kind, read_reply
from assistant.decision.matches import Match
from assistant.grounding.replies import plain_text
from faq.content import Content

NONE = "none"

MAX_ANSWER_LENGTH = 200
"""Characters of an FAQ's answer among the options."""

_EXAMPLES = """
Examples, with other FAQs (umbrella-loan: "Can I borrow an umbrella?", umbrella-sale: "Where can I
buy an umbrella?"):
"lend me one, it is raining" -> {"faq": "umbrella-loan"}
"what do umbrellas cost" -> {"faq": "umbrella-sale"}
"do you repair umbrellas" -> {"faq": "none"}
"""

_NOT_ABOUT = """\
An FAQ that only has words of the question in it is not about it.
"""

AMONG_OPTIONS = (
    RULES
    + """
Choose the one FAQ that answers the question, or "none" if none of them is about it.
"""
    + _NOT_ABOUT
    + _EXAMPLES
)

AMONG_ALL = (
    RULES
    + """
Choose the one FAQ that answers the question, or "none" if none of them is about it. Before "none"
you may call search_faq once with other words.
"""
    + _NOT_ABOUT
    + _EXAMPLES
)


def message(question: str, options: Sequence[Match], contents: Mapping[str, Content]) -> str:
    """The user message, as JSON. The options are in the order of their ids, so that the model's
    choice is independent of retrieval's."""
    faqs = []
    for option in sorted(options, key=lambda option: option.faq_id):
        content = contents[option.faq_id]
        faqs.append(
            {
                "id": content.slug,
                "question": content.question,
                "answer": content.answer[:MAX_ANSWER_LENGTH],
            }
        )
    return json.dumps({"faqs": faqs, "question": question}, ensure_ascii=False)


def read(content: str, options: Sequence[str]) -> str:
    """The id of the chosen option; empty for none, and for anything else."""
    reply = read_reply(plain_text(content), returned=options)
    if reply.kind is not Kind.ANSWER or len(reply.citing) != 1:
        return ""
    return reply.citing[0] if reply.citing[0] in options else ""
