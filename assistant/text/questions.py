"""Clean the text of a question before it is compared.

Pure: standard library only. Only the text that is embedded changes; what the person typed is kept.
"""

from __future__ import annotations

import re
import unicodedata

MOST_PARTS = 3

_INVISIBLE = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")

# Quantifiers are bounded wherever a search could start at each of many equal characters.
_PAUSE = r"(?:\s?[,.!?:;\u2013\u2014]{1,8}\s*|\s-{1,3}\s|\s)"
_PAUSE_AFTER = r"(?:\s?[,.!;\u2013\u2014]{1,8}\s*|(?<=\?)\s?|\s-{1,3}\s|\s)"

_GREETING = re.compile(
    r"(?:(?:hi{1,9}|hello{1,9}|hey{1,9}|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)"
    r"|salam|salaam|assalam[ou]? ?alaikum|namaste"
    r"|dear (?:sirs?|madam|sir or madam|support|customer (?:support|service)|team|all)"
    r"|(?:i )?hope (?:you(?:'re| are)|all is|this (?:e-?mail|message) finds you)"
    r" (?:doing )?(?:well|good|fine)|how are you(?: doing)?(?: today)?(?=\s?[,.!?]))"
    r"(?: (?:there|all|everyone|everybody|team|support|guys|folks|sir|madam|mate|again))*"
    rf"(?:{_PAUSE}|$))+",
    re.IGNORECASE,
)
_POLITE_END = re.compile(
    rf"{_PAUSE_AFTER}"
    r"(?:(?:many |kind |best |warm )?(?:thanks|thank you|thankyou|thx|tia|cheers|regards)"
    r"(?: (?:so much|very much|a lot|in advance|again|for your help|for the help|everyone|all))*"
    r"|(?:please|pls|plz|kindly) (?:help|advise|assist)(?: me)?)[\s.!]{0,8}$",
    re.IGNORECASE,
)

_BREAK = re.compile(
    r"(?<=[.!?])\s+|\n|;"
    r"|,?\s(?:and also|and then|plus|and another (?:thing|question)[,:]?)\s"
    r"|,?\sand\s(?=(?:how|what|what's|where|where's|when|why|who|which"
    r"|can|could|do|does|is|are|will)\b)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?$"
    r"|^(?:(?:and|also|but|or|so|secondly|second|another question|one more thing)[\s,:]+)*"
    r"(?:how|what|what's|where|where's|when|when's|why|who|who's|which|whose"
    r"|can|could|do|does|did|is|are|am|was|will|would|should|may|have|has"
    r"|please|tell me|i (?:want|need|would like|'d like) to know|i wonder)\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"^(?:(?:and|also|but|or|so|plus|secondly|second)[\s,:]+)+", re.IGNORECASE)
_WORD = re.compile(r"\w+")

LEAST_WORDS = 2


def strip_pleasantries(text: str) -> str:
    """``text`` without greeting, thanks, invisible characters and superfluous space.

    Never empty unless ``text`` is blank: a message that is nothing but a greeting stays one.
    """
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    visible = _LINES.sub("\n", _SPACES.sub(" ", visible)).strip()
    greeting = _GREETING.match(visible)
    asked = visible[greeting.end() :] if greeting else visible
    while polite := _POLITE_END.search(asked):
        asked = asked[: polite.start()]
    return asked.strip(" ,;-\u2013\u2014\n") or visible


def split(text: str) -> tuple[str, ...]:
    """The questions of a message that asks at least two; empty for one that asks one or none.

    A statement belongs to the question after it, or, at the end, to the one before. ``text`` as
    ``strip_pleasantries`` returns it. More than three are not split: a person reads a letter.
    """
    parts: list[str] = []
    statement: list[str] = []
    for sentence in filter(None, map(str.strip, _BREAK.split(text))):
        statement.append(sentence)
        if _ASKS.search(sentence) and len(_WORD.findall(sentence)) >= LEAST_WORDS:
            parts.append(_LINK.sub("", " ".join(statement)))
            statement = []
    if not 2 <= len(parts) <= MOST_PARTS:
        return ()
    if statement:
        parts[-1] = " ".join([parts[-1], *statement])
    return tuple(parts)
