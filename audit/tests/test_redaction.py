"""Personal data is masked in every form people write it in, and little else is."""

from __future__ import annotations

import csv
import gc
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from re._constants import MAX_REPEAT, MIN_REPEAT, POSSESSIVE_REPEAT
from re._parser import SubPattern, parse
from typing import Any

import pytest
from hypothesis import example, given, settings, target
from hypothesis import strategies as st

from audit.privacy import redaction
from audit.privacy.redaction import TOO_DEEP, Kind, Span

# The numbers in these tests are Pakistani unless they name their country.
find, kinds, redact, redact_tree = (
    partial(function, region="PK")
    for function in (redaction.find, redaction.kinds, redaction.redact, redaction.redact_tree)
)

ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"
FINDERS = ("patterns", "id_numbers", "digit_runs", "phones", "split_numbers")


def urdu(digits: str) -> str:
    return digits.translate({ord("0") + digit: 0x6F0 + digit for digit in range(10)})


def arabic(digits: str) -> str:
    return digits.translate({ord("0") + digit: 0x660 + digit for digit in range(10)})


def fullwidth(digits: str) -> str:
    return digits.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param("write to sana@shop.example.", "write to [EMAIL].", id="in a sentence"),
        pytest.param("<S.Khan+faq@mail.shop.com.pk>", "<[EMAIL]>", id="in angle brackets"),
        pytest.param("mailto:o'neil@shop.example?x=1", "mailto:[EMAIL]?x=1", id="in a mailto link"),
        pytest.param("/f?to=a%40shop.example&n=1", "/f?to=[EMAIL]&n=1", id="encoded in a link"),
        pytest.param('"sana k"@shop.example', "[EMAIL]", id="with a quoted local part"),
        pytest.param("میل:ثنا@مثال.پاکستان", "میل:[EMAIL]", id="in Urdu letters"),
        pytest.param("a@b.example,c@d.example", "[EMAIL],[EMAIL]", id="two with a comma"),
        pytest.param("sana\uff20shop.example", "[EMAIL]", id="with a fullwidth at sign"),
        pytest.param(f"sana{ZERO_WIDTH}@shop.example", "[EMAIL]", id="with a zero-width space"),
        pytest.param("sana@ shop.example", "[EMAIL]", id="with a blank behind the at sign"),
        pytest.param("sana@shop\u3002example", "[EMAIL]", id="with the ideographic full stop"),
        pytest.param("sana [at] shop [dot] example", "[EMAIL]", id="spelled out in brackets"),
        pytest.param("sana(at)shop.example", "[EMAIL]", id="only its at sign spelled out"),
        pytest.param("to sana dot k at shop dot example", "to [EMAIL]", id="in words"),
        pytest.param("look at shop.example", "look at shop.example", id="at as a word"),
        pytest.param("Meet @ Cafe. Ok", "Meet @ Cafe. Ok", id="an at sign as a word"),
    ],
)
def test_it_masks_an_email_address(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param("0301 2345678", "[PHONE]", id="a mobile"),
        pytest.param("reach 03012345678.", "reach [PHONE].", id="a mobile without a space"),
        pytest.param("03012345678pls", "[PHONE]pls", id="a forgotten space behind it"),
        pytest.param("cell03012345678", "cell[PHONE]", id="a forgotten space before it"),
        pytest.param("(042) 35761234", "[PHONE]", id="an area code in parentheses"),
        pytest.param("042-111-222-333", "[PHONE]", id="a universal access number"),
        pytest.param("+92 (0)301 2345678", "[PHONE]", id="a redundant trunk zero"),
        pytest.param("0092-301-2345678", "[PHONE]", id="dialled with 00"),
        pytest.param("wa.me/923012345678", "wa.me/[PHONE]", id="in a WhatsApp link"),
        pytest.param("3012345678", "[PHONE]", id="a mobile without its zero"),
        pytest.param("+44 20 7946 0018", "[PHONE]", id="British"),
        pytest.param("+971-50-123-4567", "[PHONE]", id="Emirati"),
        pytest.param("(+49) 30 901820", "[PHONE]", id="German, the plus in parentheses"),
        pytest.param("212-555-0123 ext. 7", "[PHONE]", id="American with an extension"),
        pytest.param("1-212-555-0123", "[PHONE]", id="American with its trunk prefix"),
        pytest.param("0044 161 234567", "[PHONE]", id="not in use but of a possible length"),
        pytest.param("(0301 2345678)", "([PHONE])", id="in parentheses"),
        pytest.param(urdu("0301-2345678"), "[PHONE]", id="in Urdu digits"),
        pytest.param(arabic("03012345678"), "[PHONE]", id="in Arabic-Indic digits"),
        pytest.param(fullwidth("0301 2345678"), "[PHONE]", id="in fullwidth digits"),
        pytest.param("0301\u20132345678", "[PHONE]", id="with an en dash"),
        pytest.param(f"0301{ZERO_WIDTH}2345678", "[PHONE]", id="with a zero-width space"),
        pytest.param("0301-2345678/0302-3456789", "[PHONE]/[PHONE]", id="two with a slash"),
        pytest.param("2024 0301 2345678 5 times", "2024 [PHONE] 5 times", id="among numbers"),
        pytest.param("+92 301\n2345678", "[PHONE]", id="over two lines"),
        pytest.param("0301\r\n2345678", "[PHONE]", id="a mobile over two lines"),
        pytest.param("+33.1.23.45.67.89", "[PHONE]", id="French with dots"),
    ],
)
def test_it_masks_a_phone_number(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param("call 467 3395", "call [PHONE]", id="a label before it"),
        pytest.param("467 3395 (office)", "[PHONE] (office)", id="a label behind it"),
        pytest.param("98765 43210 is my mobile", "[PHONE] is my mobile", id="a sentence behind it"),
        pytest.param(
            "phone number 971.4.123.4567", "phone number [PHONE]", id="no build, by label"
        ),
        pytest.param("Fax:\n467 3395", "Fax:\n[PHONE]", id="a label on the line above"),
        pytest.param("phone 2: 467 3395", "phone 2: [PHONE]", id="a label with a number"),
        pytest.param("میرا نمبر 4673395", "میرا نمبر [PHONE]", id="an Urdu label"),
        pytest.param(
            "call 467 3395 or 467 3396", "call [PHONE] or [PHONE]", id="one label for two"
        ),
        pytest.param("[PHONE] or 467 3396", "[PHONE] or [PHONE]", id="after a masked phone"),
        pytest.param("467 3395", "467 3395", id="no label"),
        pytest.param("call about order 4673395", "call about order 4673395", id="a nearer label"),
        pytest.param("contact id 4673395", "contact id 4673395", id="an id"),
        pytest.param("order 3012345678", "order 3012345678", id="a label against it"),
        pytest.param("late order, ring 3012345678", "late order, ring [PHONE]", id="both labels"),
        pytest.param("my order is so late 3012345678", "my order is so late [PHONE]", id="far off"),
        pytest.param("parcel 9361 020 7946 0018", "parcel 9361 020 7946 0018", id="of a whole run"),
        pytest.param("order 03012345678", "order [PHONE]", id="too clear a phone to be an order"),
    ],
)
def test_a_label_decides_on_a_number_that_could_be_a_phone(text, redacted):
    assert redact(text) == redacted


def texts_from_bug_reports() -> Iterator[Any]:
    with (Path(__file__).parent / "redaction_cases.csv").open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            yield pytest.param(row["text"], row["should"], id=f"line {number}: {row['kind']}")


@pytest.mark.parametrize(("text", "redacted"), [*texts_from_bug_reports()])
def test_it_masks_the_texts_of_bug_reports_of_other_systems(text, redacted):
    assert redact(text) == redacted
    assert redact(redacted) == redacted


@pytest.mark.parametrize("separator", ["\t", "\n", ",", "|", " "])
def test_a_table_of_numbers_stays(separator):
    row = separator.join(["4120", "4330", "5220", "5190", "4444", "4111", "2230"])

    assert redact(row) == row
    assert redact("12345678\n87654321") == "12345678\n87654321"


def test_two_lines_joined_to_one_are_redacted_alike():
    for text in ("5555 5555\n5555 4444", "GB82 WEST 1234\n5698 7654 32", "+92 300\n1234567"):
        assert redact(" ".join(text.split())) == redact(text)


def test_the_region_says_where_a_number_without_a_calling_code_is_dialled():
    assert redact("2125550123", region="US") == "[PHONE]"
    assert redact("2125550123", region="PK") == "2125550123"
    assert redact("+92 301 2345678", region="US") == "[PHONE]"


@pytest.mark.parametrize("region", ["", "ZZ"])
def test_without_a_region_numbers_with_a_calling_code_are_recognised(region):
    for dialled in ("03012345678", "3012345678"):
        assert redact(dialled, region=region) == dialled
    for international in ("+92 301 2345678", "0092 301 2345678", "call 467 3395"):
        assert "[PHONE]" in redact(international, region=region)


def test_a_region_that_does_not_exist_leaves_numbers_in_international_form():
    assert redact("0301 2345678 +92 301 2345678", region="ZZ") == "[PHONE] [PHONE]"
    assert redact("03012345678 +923012345678", region="ZZ") == "03012345678 [PHONE]"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        *(
            pytest.param(f"{province}5202-1234567-1", "[CNIC]", id=f"province {province}")
            for province in range(1, 10)
        ),
        pytest.param("35202-1234567-0", "[CNIC]", id="ending in 0, as there is no check digit"),
        pytest.param("3520212345671", "[CNIC]", id="without dashes"),
        pytest.param("35202 1234567 1", "[CNIC]", id="with spaces"),
        pytest.param("35202-\n1234567-1", "[CNIC]", id="over two lines"),
        pytest.param("35202\n1234567\n1", "[CNIC]", id="over three lines"),
        pytest.param("CNIC 35202-12345\n67-1", "CNIC [CNIC]", id="broken inside a group"),
        pytest.param("35202 - 1234567 - 1", "[CNIC]", id="with spaced dashes"),
        pytest.param("35202\u20111234567\u20111", "[CNIC]", id="with non-breaking hyphens"),
        pytest.param(urdu("35202-1234567-1"), "[CNIC]", id="in Urdu digits"),
        pytest.param(arabic("3520212345671"), "[CNIC]", id="in Arabic-Indic digits"),
        pytest.param("CNIC 9520 2123 45671", "CNIC [CNIC]", id="oddly grouped under a label"),
        pytest.param("شناختی کارڈ 9520212345671", "شناختی کارڈ [CNIC]", id="an Urdu label"),
        pytest.param("order 3520212345671", "order 3520212345671", id="an order number"),
        pytest.param("1795459200000", "1795459200000", id="a clock in milliseconds"),
        pytest.param("51234-98765-2", "51234-98765-2", id="too short"),
    ],
)
def test_it_masks_a_cnic(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param("4242424242424242", "[CARD]", id="Visa"),
        pytest.param("5105 1051 0510 5100", "[CARD]", id="Mastercard with spaces"),
        pytest.param("3714-496353-98431", "[CARD]", id="American Express with dashes"),
        pytest.param("6200000000000005", "[CARD]", id="UnionPay"),
        pytest.param(urdu("4242 4242 4242 4242"), "[CARD]", id="in Urdu digits"),
        pytest.param("4242424242424242 12/29", "[CARD] 12/29", id="before its expiry date"),
        pytest.param("4242424242424242 5105105105105100", "[CARD] [CARD]", id="two in a row"),
        pytest.param("order 4242424242424242", "order [CARD]", id="called something else"),
        pytest.param("card 603004000000", "card 603004000000", id="failing the Luhn check"),
        pytest.param("card 42424242 4242 42 42", "card [CARD]", id="oddly grouped under a label"),
        pytest.param("42424242 4242 42 42", "42424242 4242 42 42", id="oddly grouped without"),
        pytest.param("4242424242424241", "4242424242424241", id="one digit off"),
        pytest.param("parcel 6200000000000005", "parcel 6200000000000005", id="a parcel's number"),
        pytest.param("card 0000000000000000", "card 0000000000000000", id="only zeros"),
        pytest.param("5105\t1051\t0510\t5100\t2029", "[CARD]\t2029", id="in cells, before a year"),
        pytest.param("3714\n496353\n98431", "[CARD]", id="American Express over three lines"),
        pytest.param("5105,1051,0510,5101", "5105,1051,0510,5101", id="cells failing the check"),
    ],
)
def test_it_masks_a_payment_card(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param("PK28HABB0007861234567890", "[IBAN]", id="Pakistani"),
        pytest.param("PK28 HABB 0007 8612 3456 7890 ok", "[IBAN] ok", id="printed in fours"),
        pytest.param("pk28habb0007861234567890", "[IBAN]", id="in small letters"),
        pytest.param("NO93 8601 1117 947", "[IBAN]", id="the shortest"),
        pytest.param("MT84MALT011000012345MTLCAST001S", "[IBAN]", id="with letters in it"),
        pytest.param("PK29HABB0007861234567890", "PK29HABB0007861234567890", id="wrong check"),
        pytest.param("BE12 0800 1234 5678", "BE12 0800 1234 5678", id="nor any phone in it"),
        pytest.param("PK28habb0007861234567890", "PK28habb0007861234567890", id="mixed letters"),
        pytest.param("PK28HABB0007861234567890X", "PK28HABB0007861234567890X", id="one too many"),
        pytest.param("MT16 0000 0000 0000 NO93 8601 1117 947", "[IBAN]", id="one inside another"),
        pytest.param("PK28HABB000786123456789", "PK28HABB000786123456789", id="one short"),
        pytest.param("XX28HABB0007861234567890", "XX28HABB0007861234567890", id="no such country"),
    ],
)
def test_it_masks_an_iban(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param("from 203.0.113.7.", "from [IP].", id="version 4 in a sentence"),
        pytest.param("http://203.0.113.7:8080/x", "http://[IP]:8080/x", id="with a port"),
        pytest.param("203.0.113.7.443 > 203.0.113.8.80", "[IP].443 > [IP].80", id="packet dump"),
        pytest.param("203.0.113.0/24", "[IP]", id="a network"),
        pytest.param("203.0.113.0/240", "[IP]/240", id="a slash that is no network"),
        pytest.param("2001:db8::7: refused", "[IP]: refused", id="version 6"),
        pytest.param("[2001:db8:0:1:2:3:4:5]:443", "[[IP]]:443", id="version 6 with a port"),
        pytest.param("fe80::1%eth0 and ::1", "[IP] and [IP]", id="local addresses"),
        pytest.param("::ffff:203.0.113.7", "[IP]", id="version 4 inside version 6"),
        pytest.param("fe80::", "[IP]", id="ending in colons"),
        pytest.param("dead:beef::cafe", "[IP]", id="without a digit"),
        pytest.param("ipv6:2001:db8::7", "ipv6:[IP]", id="behind a name and a colon"),
        pytest.param("listen ::", "listen [IP]", id="any address, announced"),
        pytest.param("203.0.113.256", "203.0.113.256", id="a part too large"),
        pytest.param("2001:db8::1::2", "2001:db8::1::2", id="two gaps"),
    ],
)
def test_it_masks_an_ip_address(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        *("u1", "reset-password", "@sana", "user@localhost", "lodash@4.17.21", "a :: b"),
        *("std::vector", "Face::Add", "10:30:45", "00:1b:44:11:3a:b7", "version 1.2.3.4"),
        *("1.2.3.4.5", "2026-11-23T10:20:30.123456Z", "23/11/2026 10:30", "2014-2018"),
        *("call on 23-11-2026", "called at 10:20:30.1234567", "20261123", "1,234,567.89"),
        *("Rs 12345678", "PKR 12,345,678", "$12345678", "12.3456789 %", "31.5204, 74.3587"),
        *("-122.4194155", "1.2+12345678", "3333*2222=7405926", "ISBN 978-3-16-148410-0"),
        *("Order #4673395", "INV-2024-0012345", "tracking no. 123456789012", "12345678"),
        *("550e8400-e29b-41d4-a716-446655440000", "06582887-9123-4064-1234-161260181113"),
        "ask:be60df07-37eb-48b5-8d5a-b7b8f5c5d3ba",  # its middle reads as an IBAN
        *("00390612-3456-4abc-8abc-0123456789ab", "call 1 2 3 4 5 6 7", "#3012345678"),
        *("ABC-3012345678", "(45)+(31)-278394", "03012345678_2.jpg", "call cost 0.12345678"),
        *("iOS 17.5.1.2", "section 3.1.4.1", "Windows 10.0.22631.4460", "0.22631.1.4460123"),
        *("mobile 4673395% up", "$12345678 a call", "call $12345678", "\x01 4673395"),
        *("da39a3ee5e6b4b0d3255bfef95601890afd80709", "RB123456785GB", "1920x1080", ""),
    ],
)
def test_it_leaves_other_things_alone(text):
    assert redact(text) == text


def test_spans_are_offsets_into_the_text_as_it_was_written():
    text = (
        f"CNIC {urdu('35202')}\u2013{urdu('1234567')}\u20131, {ZERO_WIDTH}a{ZERO_WIDTH}@b.example!"
    )

    spans = find(text)

    assert [(span.kind, text[span.start : span.end]) for span in spans] == [
        (Kind.CNIC, f"{urdu('35202')}\u2013{urdu('1234567')}\u20131"),
        (Kind.EMAIL, f"a{ZERO_WIDTH}@b.example"),
    ]


def test_spans_come_from_left_to_right_whatever_their_kind():
    assert find("::1 03012345678 a@b.example 10.0.0.1") == [
        Span(0, 3, Kind.IP),
        Span(4, 15, Kind.PHONE),
        Span(16, 27, Kind.EMAIL),
        Span(28, 36, Kind.IP),
    ]


def test_kinds_names_what_is_in_a_text():
    assert kinds("a@b.example, 03012345678, c@d.example") == {Kind.EMAIL, Kind.PHONE}
    assert kinds("nothing here") == frozenset()


def test_a_tree_is_redacted_in_every_string_and_key():
    tree = {
        "from": "a@b.example",
        "calls": [{"03012345678": 3}, ("10.0.0.1", None)],
        "seconds": 1.5,
        7: True,
    }

    assert redact_tree(tree) == {
        "from": "[EMAIL]",
        "calls": [{"[PHONE]": 3}, ["[IP]", None]],
        "seconds": 1.5,
        7: True,
    }
    assert tree["from"] == "a@b.example"


def test_a_tree_with_nothing_to_mask_is_not_copied():
    tree = {"question": "How do I reset my password?", "similarity": [0.8275481, None]}

    assert redact_tree(tree) is tree


def test_no_value_is_lost_when_two_keys_become_one():
    redacted = redact_tree({"a@b.example": 1, "c@d.example": 2, "[EMAIL]": 3})

    assert redacted == {"[EMAIL]": 1, "[EMAIL] (2)": 2, "[EMAIL] (3)": 3}
    assert redact_tree(redacted) == redacted


def test_a_tree_is_followed_to_a_limited_depth_and_nothing_below_is_returned():
    tree = leaf = []
    for _ in range(5_000):
        leaf.append([])
        leaf = leaf[0]
    leaf.append("a@b.example")

    assert redact_tree([["a@b.example"], "x"], depth=1) == [TOO_DEEP, "x"]
    assert str(redact_tree(tree)).count(TOO_DEEP) == 1


def test_a_text_with_nothing_to_find_loads_no_numbering_plan():
    program = (
        "import sys; from audit.privacy.redaction import redact\n"
        "redact('How do I reset my password?');"
        "sys.exit('phonenumbers' in sys.modules or 'django' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


PIECES = [
    *("0301", "2345678", "03012345678", "+92", "92 ", "00", "0", "1", "7", "12", "301", "467 3395"),
    *("35202-1234567-1", "3520212345671", "4242424242424242", "4242 4242 4242 4242", "2024-05-06 "),
    *("a@b.example", "@", "%40", "10.0.0.1", "2001:db8::1", "::", "PK28HABB0007861234567890"),
    *("AB12 3456 ", "550e8400-e29b-41d4-a716-446655440000", "ext 12", "x12", "call ", "order "),
    *("&nbsp;", "\t", "|", "_", "\u00b7", "4242\n", "4242", "35202-\n", " at ", "(at)", " dot "),
    *("card ", "cnic ", "my number ", "version ", " office", "or ", "[PHONE]", "[CARD]", "[", "]"),
    *(" ", "-", ".", "/", "(", ")", ",", ":", "#", "%", "=", "\n", '"', "x", "ہے", "\x00", "\x01"),
    *(ZERO_WIDTH, "\u2013", urdu("0301"), arabic("2345678"), fullwidth("12")),
]
texts_like_ours = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@settings(max_examples=120, deadline=None)
@given(texts_like_ours)
@example("call 03012345678 or 467 3395 or 467 3396")
@example("03012345678PK28HABB0007861234567890")
@example("[PHONE] or 4673395 office a@b.example")
def test_redacting_twice_is_redacting_once(text):
    once = redact(text)

    assert redact(once) == once


@settings(max_examples=120, deadline=None)
@given(texts_like_ours, texts_like_ours, texts_like_ours)
def test_a_text_is_redacted_alike_alone_and_in_a_tree(first, key, second):
    together = redact_tree([first, {key: second}])

    assert together == [redact(first), {redact(key): redact(second)}]


@settings(max_examples=100, deadline=None)
@given(texts_like_ours | st.text(max_size=80))
def test_spans_never_overlap_and_never_leave_the_text(text):
    edges = [edge for span in find(text) for edge in (span.start, span.end)]

    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)
    assert all(span.start < span.end for span in find(text))


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["a.khan@b.example", "+92 301 2345678", "35202-1234567-1"])
    | st.sampled_from(["4242 4242 4242 4242", "PK28HABB0007861234567890", "203.0.113.7"]),
    st.text(alphabet=" \n,;!?()'اردوہے", max_size=30),
    st.text(alphabet=" \n,;!?()'اردوہے", max_size=30),
)
def test_what_is_personal_never_gets_through(datum, before, after):
    assert datum not in redact(before + " " + datum + after)


def seconds(text: str) -> float:
    """Processor time without garbage collection: neither neighbours nor pytest's heap count."""
    gc.disable()
    began = time.process_time()
    redact(text)
    duration = time.process_time() - began
    gc.enable()
    return duration


def repeated(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


@pytest.fixture(scope="module", autouse=True)
def _numbering_plans_are_loaded():
    redact("+92 301 2345678")


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        *("@", "a@", "a.", "a" * 64 + "@", "a@b.", "a@b.co ", '"@', '"a@', "%40", "a%40b."),
        *("1", "1 ", "1.", "1-", "1/", "1 - ", "(1)", "(0", "1)(", "12 ", "0", "00 ", "0301 "),
        *("03012345678 ", "2345678 ", "+", "+1-", "+92301", "9 9999 999 99 ", "020 7946 0018 "),
        *("(212) 555-0123 ", "1234567x1", "call 12 34 56 78 ", "4242 ", "35202-", "2024-05-"),
        *("PK28", "PK28 ", "AB12 3456 ", "123456789" * 5, "4673395 or ", "\x01", "\x021", "\u2013"),
        *("5555\n", "5555\t5555,", "1,", "1|", "1\n", "a at b dot ", "a [at] ", " dot a", "(at)"),
        *("10.0.1.", "1.1.", "DE 89 ", "GB82\n", "&nbsp;1", "a@ ", "0301\n", "5 5 "),
        *(":", "::", "1:", "f:", "f::", "::1 ", "10.0.0.", "10.0.0.1 ", "255.", "version 1.2.3.4 "),
        *(urdu("1"), arabic("1 "), fullwidth("1-"), ZERO_WIDTH + "1", "[PHONE] 4673395 ", "[EMAIL"),
    ],
)
def test_time_grows_with_the_length_of_the_text_alone(piece):
    longer = seconds(repeated(piece, 32_000))

    assert longer < 4.0
    # Four times as long would be quadratic; but of a tenth of a second the clock is a poor judge.
    assert longer < 0.1 or longer < 3.2 * seconds(repeated(piece, 16_000))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join))
def test_no_repetition_of_a_few_pieces_is_slow(piece):
    duration = seconds(repeated(piece, 3_000))

    target(duration)
    assert duration < 1.0


def most_repeats(parsed: Any) -> Iterator[int]:
    """How often, at most, each repeated part of a parsed pattern may stand in a row."""
    for item in parsed:
        if isinstance(item, list | tuple | SubPattern):
            yield from most_repeats(item)
    if isinstance(parsed, tuple) and parsed[0] in (MAX_REPEAT, MIN_REPEAT, POSSESSIVE_REPEAT):
        yield int(parsed[1][1])


@pytest.mark.parametrize("module", ["redaction", *FINDERS])
def test_every_quantifier_of_every_pattern_is_bounded(module):
    patterns = [
        value
        for value in vars(import_module(f"audit.privacy.{module}")).values()
        if isinstance(value, re.Pattern)
    ]

    assert patterns
    for pattern in patterns:
        assert max(most_repeats(parse(pattern.pattern, pattern.flags)), default=0) <= 254
