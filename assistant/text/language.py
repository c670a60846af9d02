"""Recognise questions in a language that the model was not trained for.

Pure: standard library only. The rule uses the script of the letters, function words and accents. It
is lenient: a foreign question is rarely close to an FAQ anyway, and refusing an English question
does more harm than missing a foreign one. So short questions count as English, and so do questions
with at least as many English words as foreign ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

FOREIGN_LETTERS = 0.4
"""Share of the letters: one borrowed word in another script does not make a question foreign."""

MIN_WORDS = 3
MIN_FOREIGN = 2
"""Function words of one language, or words with accents; a single one may be part of a name."""

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")

# The most common function words of each language, without those that are also English words or
# English abbreviations (u, r, im, dont, e, n, y, d, cos, por).
_SMALL_WORDS = {
    "en": """
        a about after again all also am an and any are as at be because been before but by can cant
        cannot could did do does doesn't didn't don't dont down each else every for from get gets
        getting give go got had has have having he her here him his how i i'd i'll i'm i've if im in
        instead into is isn't it it's its just keep know like long made make many may me more most
        much must my need never new no not now of off on one only or other our out over own please
        pls put same say see send set shall she should show so some still such take tell than that
        that's the their them then there these they thing this those through till to today too two
        under until up us use used using very via want was wasn't way we were what what's whats when
        where where's which while who who's why will with within without won't would wrong yes yet
        you your yours
        """,
    "es": """
        el los las del al una unos unas y o pero porque que qué como cómo cuándo cuando dónde donde
        cuánto cuanto cuál quiero puedo puede necesito tengo tiene hay está esta este esto están mi
        mis su sus para por con sin sobre hasta desde todavía muy más ya se le lo nos hola gracias
        ha he han ser son era hacer no de en un la dos veces fue cuesta cuestan llegó funciona
        """,
    "pt": """
        os as uma uns umas mas porque que como quando onde quanto qual quero posso pode preciso
        tenho tem há está esta este isto estão meu minha meus minhas seu sua para por com sem
        sobre até desde ainda muito mais já não nao olá obrigado do da dos das no na nos nas ao
        à e um de em
        """,
    "fr": """
        le les des du une et ou où mais parce que qui quoi quand comment combien quel quelle je tu
        il elle nous vous ils ne pas est sont suis ai avez avoir être fait peux peut puis veux
        voudrais mon ma mes votre vos notre ce cette ces sur sous avec sans pour par dans chez
        depuis toujours encore très plus déjà bonjour merci faut au aux la un en de à n'est
        n'arrive c'est j'ai est-ce
        """,
    "it": """
        il gli una uno e o ma perché che chi cosa come quando dove quanto quale voglio vorrei posso
        può devo ho hai ha hanno sono è mio mia miei mie suo sua questo questa per con senza su
        fino ancora molto più già non ciao grazie del della dei delle dal dalla al alla nel nella
        sul mi si ci ne la le lo un di da
        """,
    "de": """
        der die das den dem des ein eine einen einem einer und oder aber weil dass wenn wie wo wann
        warum wer welche welcher ich du er sie wir ihr mich mir mein meine meinen meinem meiner
        ihre unser kann können möchte will habe hat haben bin ist sind war nicht kein keine noch
        schon sehr mehr auch nur für mit ohne bei von vom zu zum zur nach auf aus über bis seit
        hallo danke bitte es im am wurde wurden kostet kosten gibt geht funktioniert
        """,
    "nl": """
        de het een en of maar omdat dat als hoe waar wanneer waarom wie welke ik jij hij zij wij
        jullie mijn jouw uw onze kan kunnen wil moet heb heeft hebben ben is zijn was niet geen nog
        al zeer meer ook alleen voor met zonder bij van naar op uit over tot sinds hallo bedankt
        graag nodig wordt te om
        """,
    "sv": """
        en ett och eller men att som hur var när varför vem vilken jag du han hon vi ni de min mitt
        mina din ditt er kan vill måste har hade är inte ingen inget än redan mycket mer också bara
        för med utan hos från till på av om hej tack ikke jeg mit min er det og
        """,
    "tr": """
        ve veya ama çünkü ki ne nasıl nerede neden kim hangi ben sen biz siz benim senin bu şu
        bir için ile gibi kadar daha çok az değil var yok mı mi mu mü istiyorum olarak merhaba
        teşekkürler lâzım lazim hâlâ hala zaman
        """,
    "pl": """
        i oraz lub ale bo że jak gdzie kiedy dlaczego kto który ja ty my wy mój moja moje mogę
        może chcę muszę mam ma jest są był nie jeszcze już bardzo więcej też tylko dla z bez
        przez przy od do na po w czy się cześć dzień dobry dziękuję proszę ile
        """,
    "id": """
        dan atau tetapi karena yang bagaimana kapan mengapa siapa apa apakah saya aku kamu anda kami
        kita ini itu di ke dari untuk dengan tanpa pada sampai bisa dapat mau ingin harus ada adalah
        tidak belum sudah sangat lebih juga hanya mana berapa terima kasih tolong
        """,
    "vi": """
        tôi bạn của và hoặc nhưng là không có được cho với bằng đến từ ở đâu khi nào sao bao
        nhiêu muốn cần chưa đã rồi này một bị thể vẫn
        """,
    "roman urdu": """
        hai hain hun hoon tha thi thay ho hota hoti raha rahi rahe gaya gayi kya kyun kyu kab kahan
        kaise kaisay kitna kitne kitni kaun konsa mera meri mere mujhe mujhay hum hamara aap apka
        apna apni aapka ka ki ke ko se mein main par pe tak liye lia aur ya lekin nahi nahin nai
        abhi bhi karna karne kar karo kardo karta chahiye chahye milega mila wapas bohat bahut jo wo
        yeh
        """,
}
_VOCABULARY = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
ENGLISH = "en"
_FOREIGN_WORDS = frozenset().union(
    *(words for language, words in _VOCABULARY.items() if language != ENGLISH)
)

ENGLISH_ONLY = ("all-MiniLM-L6-v2", "all-MiniLM-L12-v2", "all-mpnet-base-v2")
"""Models that were trained only on English; with any other model no language is refused."""


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The words of a release, in lower case."""
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text))


def is_foreign(question: str, *, site_words: Collection[str] = ()) -> bool:
    """Whether ``question`` is recognised as a language other than English.

    ``site_words``: words of the release in lower case, which all count as English.
    """
    question = unicodedata.normalize("NFKC", question)
    if _foreign_script(question):
        return True
    words = [word.lower() for word in _WORD.findall(question.replace("\u2019", "'"))]
    if len(words) < MIN_WORDS:
        return False
    english = sum(word in _VOCABULARY[ENGLISH] or word in site_words for word in words)
    strange = [
        word
        for word in words
        if word not in site_words and (word in _FOREIGN_WORDS or not word.isascii())
    ]
    if len(strange) < max(english, MIN_FOREIGN - 1):
        # The usual case, decided without a look at each language. A mark counts as a word below.
        return False
    foreign = max(
        sum(word in small or not word.isascii() for word in strange)
        for language, small in _VOCABULARY.items()
        if language != ENGLISH
    )
    foreign += any(mark in question for mark in "\u00bf\u00a1")
    return foreign >= MIN_FOREIGN and foreign > english


def _foreign_script(question: str) -> bool:
    if question.isascii():
        return False
    letters = [letter for letter in question if letter.isalpha()]
    latin = sum(_is_latin(letter) for letter in letters)
    return len(letters) - latin > FOREIGN_LETTERS * len(letters)


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")
