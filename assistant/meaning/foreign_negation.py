"""Words that negate a sentence in languages other than English.

Pure: standard library only. A simple rule: if it applies, the FAQ is only offered.
"""

from __future__ import annotations

import re

from assistant.text.word_lists import word_set

_WORDS = word_set(
    """
    no sin nunca ningún ninguna nada tampoco não nao sem nenhum nenhuma pas jamais sans aucun aucune
    rien non senza mai nessun nessuna nicht kein keine keinen keinem keiner nie ohne niemals nichts
    niet geen zonder nooit inte ingen inget utan aldrig ikke ej değil degil yok hayır asla nie bez
    nigdy żaden tidak bukan belum tanpa không chưa chẳng nahi nahin nai mat baghair
    нет не без никогда ничего δεν μην όχι χωρίς
    نہیں نہ بغیر مت لا لم لن ليس ما بدون غير نه بدون نیست नहीं ना न मत बिना नही 안 못
    """
)
"""Spanish, Portuguese, French, Italian, German, Dutch, Scandinavian, Turkish, Polish, Indonesian,
Vietnamese, Roman Urdu, Russian, Greek, Urdu, Arabic, Persian, Hindi, Korean."""

_PARTS = ("不", "没", "沒", "未", "无", "無", "ない", "ませ", "なかっ", "않", "없", "아니", "못")
"""Chinese, Japanese and Korean do not separate these by spaces."""

_QUESTION_FORMS = ("能不能", "可不可以", "是不是", "有没有", "要不要", "会不会", "ませんか")
"""Forms with a negation that only ask a question."""

_WORD = re.compile(r"[^\W\d_]+")


def negation(text: str) -> str:
    """The first word, or part of a word, that negates; empty if there is none."""
    for word in _WORD.findall(text.lower()):
        if word in _WORDS:
            return str(word)
    for form in _QUESTION_FORMS:
        text = text.replace(form, "")
    return next((part for part in _PARTS if part in text), "")
