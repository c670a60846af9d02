"""Which questions are in a language the model was not trained for."""

from __future__ import annotations

import pytest

from assistant.text.language import is_foreign


@pytest.mark.parametrize(
    "question",
    [
        "Где мой заказ?",
        "我的订单在哪里？",
        "注文をキャンセルしたい",
        "كيف أعيد المنتج؟",
        "میرا آرڈر کہاں ہے؟",
        "मेरा ऑर्डर कहाँ है?",
        "내 주문은 어디에 있나요?",
        "Πού είναι η παραγγελία μου",
        "PayPal で払えますか",
    ],
)
def test_another_script_is_foreign(question):
    assert is_foreign(question)


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("¿Dónde está mi pedido?", id="Spanish"),
        pytest.param("el código de descuento no funciona", id="Spanish, typed plainly"),
        pytest.param("Wie kann ich die Schuhe zurückschicken?", id="German"),
        pytest.param("wo ist meine Bestellung", id="German, short"),
        pytest.param("Je n'arrive pas à changer mon mot de passe", id="French"),
        pytest.param("Il mio pacco non è ancora arrivato", id="Italian"),
        pytest.param("onde está o meu pedido", id="Portuguese"),
        pytest.param("waar is mijn bestelling", id="Dutch"),
        pytest.param("mujhe joote wapas karne hain", id="Roman Urdu"),
        pytest.param("gdzie jest moje zamówienie", id="Polish"),
        pytest.param("di mana pesanan saya", id="Indonesian"),
        pytest.param("var är min beställning", id="Swedish"),
        pytest.param("Tôi không đổi được mật khẩu", id="Vietnamese"),
        pytest.param("PayPal ile ödeyebilir miyim, kartım yok", id="Turkish"),
    ],
)
def test_another_language_in_latin_letters_is_foreign(question):
    assert is_foreign(question)


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("Where is my order?", id="plain"),
        pytest.param("wheres my stuff", id="no apostrophe"),
        pytest.param("wer is my ordr", id="typos"),
        pytest.param("cant log n, u guys dont anser", id="typed on a phone"),
        pytest.param("tracking link please", id="no verb"),
        pytest.param("order status", id="two words"),
        pytest.param("refund", id="one word"),
        pytest.param("iban", id="one strange word"),
        pytest.param("que?", id="one foreign word"),
        pytest.param("jalapeño sauce", id="a borrowed word"),
        pytest.param("do you ship to São Paulo", id="a foreign place"),
        pytest.param("my name is José García, where is my parcel", id="a foreign name"),
        pytest.param("how do i say hola in spanish", id="about another language"),
        pytest.param("how do I spell 注文 in a mail", id="a word in another script"),
        pytest.param("my order from El Corte Inglés", id="a foreign brand"),
        pytest.param("😡😡😡", id="only emoji"),
        pytest.param("1234 ???", id="no letters"),
        pytest.param("", id="nothing"),
        pytest.param("ＷＨＥＲＥ ＩＳ ＭＹ ＯＲＤＥＲ", id="wide letters"),
    ],
)
def test_english_is_never_refused(question):
    assert not is_foreign(question)


def test_words_of_the_release_are_no_foreign_words():
    question = "deliver to Rue de la Paix"

    assert is_foreign(question)
    assert not is_foreign(question, site_words={"deliver", "rue", "de", "la", "paix"})


def test_a_long_message_takes_no_time():
    assert is_foreign("où est ma commande " * 200)
