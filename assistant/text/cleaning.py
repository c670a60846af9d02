"""Remove greetings, courtesies, closings and emoji from a message.

Pure: standard library only. Only the text to compare changes; the audit record has the message as
typed.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")

_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\ufe0e\ufe0f\u200d\u20e3\u2800-\u28ff\U000e0020-\U000e007f]+"
)
_EMOTICON = re.compile(
    r"(?<!\S)(?:[:;=8xX]['\u2019]?[-~^o]?[)(\]\[DPpOo3/\\|*]{1,3}|<3+|\^[_.-]?\^|[xX]D+|[-_.]{3})"
    r"(?!\S)"
)
_MARKS = re.compile(r"\s?[!?](?:\s?[!?]){1,200}")
_DOTS = re.compile(r"\s?(?:\.{2,200}|\u2026)")
_SPACE_BEFORE_MARK = re.compile(r" (?=[?!.,](?:\s|$))")

# Quantifiers are bounded, so that no search takes quadratic time on many equal characters.
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
_PREAMBLE = re.compile(
    r"(?:(?:sorry to (?:bother|disturb) you(?: again)?(?: but)?|excuse me(?: but)?"
    r"|(?:just )?(?:a )?quick (?:question|one)"
    r"|i(?:'ve got| have| got) (?:a|one|two|three|some|a few|a couple of)"
    r" (?:quick |short |more )?questions?"
    r"|(?:just )?(?:one|two|three|a few) (?:quick |short |more )?questions?"
    r"|(?:i(?:'m| am) |i was )?just wondering|i was wondering"
    r"|(?:um+|uh+|hm+|er+m?|ok(?:ay)?|alright|well)(?: so)?|so)"
    r"(?:\s?[,.!:;\u2013\u2014]{1,8}\s*|\s-{1,3}\s|\s))+",
    re.IGNORECASE,
)
_PLEASE = re.compile(r"(?:please|pls|plz|kindly)\s?,\s*", re.IGNORECASE)
_POLITE_END = re.compile(
    rf"(?:{_PAUSE_AFTER})"
    r"(?:(?:many |kind |best |warm )?(?:thanks|thank you|thankyou|thx|tia|cheers|regards)"
    r"(?: (?:so much|very much|a lot|in advance|again|for your help|for the help|everyone|all))*"
    r"|(?:please|pls|plz|kindly) (?:help|advise|assist)(?: me)?)[\s.!]{0,8}$"
    rf"|,\s?(?:please|pls|plz)\s?[.!]{{0,8}}(?P<mark>\??)$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    rf"(?:^|{_PAUSE_AFTER})(?:and )?"
    r"(?:(?:many |so many )?thanks\b|thank you\b|thankyou\b|thx\b|cheers\b"
    r"|(?:kind|best|warm|kindest|warmest) (?:regards|wishes)\b|regards\b|all the best\b"
    r"|(?:yours )?(?:sincerely|faithfully|truly)\b|yours\b(?= (?:sincerely|faithfully|truly))"
    r"|(?:i(?:'d| would)? |we )?(?:really |would really |would |greatly |very much )*appreciate\b"
    r"|(?:i |we )?(?:am |'m )?look(?:ing)? forward\b"
    r"|have a (?:nice|good|great|lovely|wonderful) (?:day|one|weekend|evening|week|time)\b"
    r"|sent from my \w+|get outlook for \w+|love,|xoxo\b"
    r"|(?:please )?(?:let me know|get back to me|reply|respond|answer|contact me)"
    r" (?:as soon as|asap|soon|quickly|when you can)"
    r"|(?:hope|hoping) to hear|(?:i am |i'm )?(?:await|wait)ing for your (?:reply|response|answer)"
    r"|i(?:'d| would) be (?:very |so |really )?(?:grateful|thankful|glad|happy)"
    r"|take care|stay safe|god bless)",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\?|(?:^|[.!\n]\s*)(?:how|what|where|when|why|who|which|can|could|do|does|is|are|will)\b",
    re.IGNORECASE,
)


def strip_pleasantries(text: str) -> str:
    """``text`` without greeting, courtesies, closing, emoji, repeated marks, invisible characters.

    Empty only if ``text`` is blank: a message that is only a greeting is returned as it is.
    """
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    visible = _LINES.sub("\n", _SPACES.sub(" ", visible)).strip()
    plain = _plain_marks(visible)
    greeting = _GREETING.match(plain)
    core = plain[greeting.end() :] if greeting else plain
    core = _without_closing(core)
    while polite := _POLITE_END.search(core):
        core = core[: polite.start()] + (polite.group("mark") or "")
    for opening in (_PREAMBLE, _PLEASE):
        start = opening.match(core)
        if start and start.end() < len(core):
            core = core[start.end() :]
    return core.strip(" ,;-\u2013\u2014\n") or plain or visible


def _plain_marks(text: str) -> str:
    """Remove emoji and emoticons, and merge repeated marks: "late!!!??? \U0001f621" is "late?"."""
    before = text
    text = _EMOTICON.sub(" ", _EMOJI.sub(" ", text))
    text = _MARKS.sub(lambda match: "?" if "?" in match.group() else ".", text)
    text = _SPACES.sub(" ", _DOTS.sub(". ", text))
    return _SPACE_BEFORE_MARK.sub("", text).strip(" .,") if text != before else before


def _without_closing(text: str) -> str:
    """Cut the text at the first thanks or regards, unless a question follows."""
    for closing in _CLOSING.finditer(text):
        if not _ASKING.search(text, closing.end()):
            return text[: closing.start()] + ("?" if closing.group().startswith("?") else "")
    return text
