"""Recognise small talk, and messages that ask for a person.

Pure: standard library only. Patterns match whole sentences. Small talk counts only if the message
has nothing else; one sentence that asks for a person is enough.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Intent(StrEnum):
    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    WELLBEING = "wellbeing"
    IDENTITY = "identity"
    TIME = "time"
    ACKNOWLEDGEMENT = "acknowledgement"
    PERSON = "person"
    """The customer asks for a person."""


DEFAULT_REPLIES = {
    Intent.GREETING: "Hello! What can I help you with?",
    Intent.THANKS: "You are welcome. Is there anything else?",
    Intent.GOODBYE: "Goodbye!",
    Intent.WELLBEING: "Thank you for asking. What can I help you with?",
    Intent.IDENTITY: (
        "I am an automated assistant. I answer from our FAQs; our team answers the rest."
    ),
    Intent.TIME: "I cannot tell the date or the time. What else can I help you with?",
    Intent.ACKNOWLEDGEMENT: "All right. Is there anything else?",
    Intent.PERSON: "I can pass your question on to our team: a person will answer it.",
}
"""The replies unless the desk has set others."""

_WHO = (
    r"(?:human|person|people|agent|operator|representative|rep|advisor|adviser|manager|supervisor"
    r"|someone|somebody|employee|staff(?: member)?|member of staff|human being|support agent"
    r"|customer (?:service|support|care)|support(?: team)?|your team|live chat)"
)
_ANY = r"(?:(?:a|an|the|some|any|one of|your|real|live|actual|human|another|customer service) )*"
_TALK = r"(?:talk|speak|chat|get through|be (?:connected|transferred|put through)|connect|write)"
_BRING = (
    r"(?:get|give|find|put|transfer|pass|hand)(?: me| us)?(?: on| over| through)?(?: to| with)?"
)
_ASK = (
    r"(?:(?:please|can|could|may|i|we|you|how|do|would|like|want|wanna|need|wish|to|let|me|just"
    r"|'d|id|i'd|ill|i'll|really|is it possible|possible|now) )*"
)
_ABOUT = r"(?: (?:please|now|instead|about (?:this|it|my order)|in person))*"
_KIND = r"(?:ai|bot|chatbot|robot|machine|computer|human|person|human being|automated|llm|chatgpt)"
_FINE = r"(?:ok(?:ay)?|great|perfect|cool|no|many|lots of)"

_PATTERNS = {
    Intent.GREETING: (
        r"(?:hi+|hello+|hey+|hiya|howdy|yo|greetings|salam|salaam|assalam[ou]? ?alaikum|namaste"
        r"|good (?:morning|afternoon|evening|day)|hola)"
        r"(?: (?:there|all|everyone|team|again|bot|you))*"
    ),
    Intent.THANKS: (
        rf"(?:{_FINE} )*(?:thanks?|thank you|thankyou|thx|ty|cheers)"
        r"(?: (?:so much|very much|a lot|a bunch|a million|again|all|you"
        r"|for (?:your|the|all your) help|that (?:helped|was helpful|worked)|anyway))*"
        r"|much appreciated|that (?:helped|worked)(?: thanks)?"
    ),
    Intent.GOODBYE: (
        r"(?:good ?bye|bye|bye bye|see (?:you|ya)(?: later| soon)?|good ?night|cya|take care"
        r"|have a (?:nice|good|great|lovely) (?:day|evening|night|weekend|one))"
        r"(?: (?:now|then|all))*"
    ),
    Intent.WELLBEING: (
        r"(?:how are (?:you|things)|how(?:'s| is) (?:it going|your day|everything|life)"
        r"|how do you do|what(?:'s| is) up|sup|you ok|are you (?:ok|okay|well|fine))"
        r"(?: doing)?(?: today)?"
    ),
    Intent.IDENTITY: (
        r"(?:who|what) are you|who(?:'s| is) (?:this|there)"
        r"|what(?:'s| is) your name|do you have a name|your name"
        r"|(?:are you|is this|am i (?:talking|speaking|chatting) (?:to|with)) "
        rf"(?:(?:a|an|real|actual|just|only|some) )*{_KIND}"
        r"|who (?:made|built|created) you|what can you do|are you real"
    ),
    Intent.TIME: (
        r"what(?:'s| is)? ?(?:the )?(?:current )?(?:time|date|day)(?: is it)?"
        r"(?: (?:now|today|it is))*"
        r"|what (?:time|day|date|year|month) is it(?: (?:now|today|there))*"
        r"|(?:do you know|tell me|can you tell me) (?:what )?the (?:time|date)"
    ),
    Intent.ACKNOWLEDGEMENT: (
        r"(?:ok(?:ay)?|k|yes|yeah|yep|no|nope|great|perfect|cool|nice|awesome|good|sure|fine"
        r"|all right|alright|got it|i see|understood|never ?mind|lol|haha+|wow|test|testing)"
        r"(?: (?:then|cool|great|good))*"
    ),
    Intent.PERSON: (
        rf"{_ASK}{_TALK}(?: me| us)? (?:to|with) {_ANY}{_WHO}{_ABOUT}"
        rf"|{_ASK}{_BRING} {_ANY}{_WHO}(?: please| now)*"
        rf"|(?:please )?(?:i (?:want|need|would like|demand)|i'd like) {_ANY}{_WHO}"
        r"(?: please| now)*"
        r"|(?:(?:a|an|the|real|live|human|actual|speak|talk) )*"
        r"(?:human|person|agent|operator|representative|human being|live chat)(?: please| now)*"
        r"|(?:please )?escalate(?: (?:this|it))?(?: please)?"
        r"|(?:is there|are there) (?:a|an|any) (?:real |live |actual )?"
        r"(?:human|person|people|agent|humans)"
        r"(?: (?:there|here|i can (?:talk|speak) (?:to|with)))?"
    ),
}
_COMPILED = {intent: re.compile(pattern) for intent, pattern in _PATTERNS.items()}
_PIECES = re.compile(r"[,.!?;\n]+")
_NOT_WORDS = re.compile(r"[^\w\s']+")
_AROUND = re.compile(r"^(?:please|so|well|and|oh|hi|hello|hey) (?=\w)|(?<=\w) (?:please|pls)$")

MAX_LENGTH = 80
"""Characters; a longer piece is more than small talk."""

MIN_WORDS = 3
"""Of a sentence that asks for a person among other sentences: "agent" alone is ambiguous."""


def intent_of(text: str) -> Intent | None:
    """The intent of a message; None if it says anything else.

    A sentence that asks for a person counts also among others. Of several intents the first counts.
    """
    pieces = [plain for piece in _PIECES.split(text) if (plain := _plain(piece))]
    intents = [_intent(piece) for piece in pieces]
    if pieces and all(intents):
        return Intent.PERSON if Intent.PERSON in intents else intents[0]
    for piece, intent in zip(pieces, intents, strict=True):
        if intent is Intent.PERSON and len(piece.split()) >= MIN_WORDS:
            return intent
    return None


def _plain(piece: str) -> str:
    return " ".join(_NOT_WORDS.sub(" ", piece.lower().replace("\u2019", "'")).split())


def _intent(piece: str) -> Intent | None:
    if len(piece) > MAX_LENGTH:
        return None
    forms = (piece, _AROUND.sub("", piece))
    for intent, pattern in _COMPILED.items():
        if any(pattern.fullmatch(form) for form in forms):
            return intent
    return None
