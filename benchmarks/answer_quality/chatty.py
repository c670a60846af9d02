"""The same question as people type it: with emoji, a story, a closing or typing errors."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

STORIES = (
    "I bought a teapot for my mother. She loves tea. Her birthday is next week.",
    "We moved last month. The kitchen is finally done. My husband painted it blue.",
    "I am writing on behalf of my grandmother. She has no computer. She is 84 years old.",
    "Yesterday I sat down with my laptop. It was raining outside. I had a cup of tea.",
)
CLOSINGS = (
    "Thank you very much in advance, I look forward to hearing from you. Kind regards, Maria",
    "Many thanks for your time and patience. Yours sincerely, Dr. Paul Weber, Mill Street 5",
    "Looking forward to your reply. Cheers, Sam. Sent from my iPhone",
    "Please get back to me as soon as you can. All the best and stay safe, Ingrid",
)
EMOJI = "😡🙏😊📦🤔😭👍🎁🔥"
MIN_WORD_LENGTH = 5
"""Letters of a word that gets a typing error."""

Change = Callable[[str], str]


def kinds(seed: int = 0) -> dict[str, Change]:
    """A change for each kind of message; the same for the same seed."""
    random = Random(seed)  # noqa: S311 (no secret depends on it)

    def inside(text: str) -> str:
        words = text.split()
        words.insert(random.randrange(1, len(words) + 1), random.choice(EMOJI))
        return " ".join(words)

    def ended(text: str) -> str:
        return text if text[-1:] in ".?!" else f"{text}."

    return {
        "emoji around": lambda text: f"{random.choice(EMOJI)} {text} {random.choice(EMOJI) * 3}",
        "emoji inside": inside,
        "repeated marks": lambda text: (
            text.rstrip(".?! ") + random.choice(["???!!!", "!!!", "..."])
        ),
        "a story before": lambda text: f"{random.choice(STORIES)} {text}",
        "a story after": lambda text: f"{ended(text)} {random.choice(STORIES)}",
        "a long closing": lambda text: f"{ended(text)} {random.choice(CLOSINGS)}",
        "please twice": lambda text: f"Please, {text.rstrip('.?! ')}, please?",
        "one typing error": lambda text: with_errors(text, 1, random),
        "two typing errors": lambda text: with_errors(text, 2, random),
    }


def with_errors(text: str, count: int, random: Random) -> str:
    """A letter left out, doubled or swapped with the next, in each of ``count`` longer words."""
    words = text.split()
    places = [
        place for place, word in enumerate(words) if len(word) >= MIN_WORD_LENGTH and word.isalpha()
    ]
    random.shuffle(places)
    for place in places[:count]:
        word = words[place]
        at = random.randrange(1, len(word) - 1)
        words[place] = random.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            )
        )
    return " ".join(words)
