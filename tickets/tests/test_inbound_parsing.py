"""Reading mails: texts, quotes, files, automatic mails, verified senders. No database."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from tickets.inbound import automatic_mail, mailbox_url
from tickets.inbound.authentication_results import Dmarc, dmarc_of
from tickets.inbound.parsing import UnreadableMail, parse, sender_of

HEAD = b"From: Jo Malik <jo@example.com>\r\nTo: support@desk.example\r\nSubject: The lamp\r\n"


def html(body: str) -> bytes:
    return HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + body.encode()


# --- Texts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "text"),
    [("utf-8", "Größe? ✓"), ("iso-8859-1", "Größe"), ("windows-1256", "چراغ"), ("koi8-r", "Лампа")],
)
def test_a_text_is_read_in_its_charset(charset, text):
    head = HEAD + f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()

    assert parse(head + text.encode(charset)).text == text


@pytest.mark.parametrize("charset", ["klingon", "punycode", "utf-8"])
def test_a_text_with_an_unknown_or_wrong_charset_is_read_all_the_same(charset):
    head = HEAD + f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()

    assert parse(head + b"Gr\xf6\xdfe").text == "Größe"


def test_a_subject_and_sender_in_encoded_words_are_decoded():
    parsed = parse(
        b"From: =?utf-8?q?J=C3=B6?= <jo@example.com>\r\nSubject: =?utf-8?b?w5Y=?=\r\n\r\n"
    )

    assert (parsed.sender, parsed.subject) == ("jo@example.com", "Ö")


def test_html_becomes_text_without_scripts_and_styles():
    parsed = parse(
        html("<style>p{}</style><p>The <b>lamp</b></p><script>x()</script><p>broke.</p>")
    )

    assert parsed.text.split() == ["The", "lamp", "broke."]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        pytest.param(
            "It works.\n\nOn Mon, 30 Nov 2026 at 10:00, Support <s@desk.example> wrote:\n> Hello\n",
            "It works.",
            id="English",
        ),
        pytest.param(
            "Danke!\n\nAm Mo., 30. Nov. 2026 um 10:00 Uhr schrieb Desk <s@desk.example>:\n> Hallo",
            "Danke!",
            id="German",
        ),
        pytest.param(
            "It works.\n\n-----Original Message-----\nFrom: Support <s@desk.example>\n"
            "Sent: Monday\nTo: Jo\nSubject: Re: x\n\nHello\n",
            "It works.",
            id="Outlook",
        ),
        pytest.param("It broke.\n-- \nJo Malik\nCEO of lamps", "It broke.", id="a signature"),
        pytest.param("> Which size?\nLarge.", "> Which size?\nLarge.", id="an answer to a quote"),
        pytest.param("> Hello", "> Hello", id="nothing but a quote"),
    ],
)
def test_quotes_and_signatures_are_cut_from_the_new_text(text, new):
    parsed = parse(HEAD + b"\r\n" + text.encode())

    assert (parsed.new_text, parsed.text) == (new, text.strip().replace("-- ", "--"))


def test_a_quote_is_cut_from_html():
    body = (
        '<div>It works.</div><br><div class="gmail_quote"><div>On Mon, 30 Nov 2026 at 10:00, '
        "Support &lt;s@desk.example&gt; wrote:<br></div><blockquote>Hello</blockquote></div>"
    )

    parsed = parse(html(body))

    assert parsed.new_text == "It works."
    assert "Hello" in parsed.text


def test_files_and_pictures_within_the_text_are_listed():
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "jo@example.com", "The lamp"
    mail.set_content("See below.")
    mail.add_alternative('<p>See below <img src="cid:a"></p>', subtype="html")
    mail.get_payload()[1].add_related(
        b"PNG", "image", "png", cid="<a>", filename="lamp.png", disposition="inline"
    )
    mail.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="bill.pdf")

    parsed = parse(mail.as_bytes())

    assert [(file.name, file.data) for file in parsed.files] == [
        ("bill.pdf", b"%PDF-1"),
        ("lamp.png", b"PNG"),
    ]
    assert parsed.text == "See below."


# --- Malformed and hostile mails ------------------------------------------------------------------

NESTED = b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000)
)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\xff" * 1_000, id="no mail at all"),
        pytest.param(b"Subject: x\r\n\r\nhi", id="no sender"),
        pytest.param(b"From: a@x.example\r\nFrom: b@x.example\r\n\r\nhi", id="two headers From"),
        pytest.param(b"From: a@x.example, b@x.example\r\n\r\nhi", id="two senders"),
        pytest.param(b"From: " + b"(" * 7_000 + b"a@x.example\r\n\r\nhi", id="deep comments"),
        pytest.param(HEAD + NESTED + b"hi", id="deep parts"),
        pytest.param(
            HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 20_000,
            id="many parts",
        ),
        pytest.param(HEAD + b"X-A: b\r\n" * 5_000 + b"\r\nhi", id="many headers"),
        pytest.param(
            HEAD + b"Content-Type: text/plain; a=" + b"b" * 20_000 + b"\r\n\r\nhi", id="long header"
        ),
    ],
)
def test_a_malformed_mail_is_refused_with_one_kind_of_error(raw):
    with pytest.raises(UnreadableMail):
        parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(HEAD + b"\r\n" + b"> " * 1_000_000, id="quotes"),
        pytest.param(HEAD + b"\r\n" + b"On a, b wrote\n" * 100_000, id="quote lines"),
        pytest.param(html("<div>" * 100_000 + "hi"), id="deep HTML"),
        pytest.param(html("<table><tr><td>" * 10_000 + "hi"), id="deep tables"),
        pytest.param(html("<td colspan=99999999>hi"), id="wide cells"),
        pytest.param(HEAD + b"References: " + b"<" * 1_000_000 + b"\r\n\r\nhi", id="references"),
        pytest.param(HEAD + b"To: " + b"a@x.example, " * 50_000 + b"\r\n\r\nhi", id="recipients"),
        pytest.param(
            HEAD + b"Authentication-Results: " + b'("' * 500_000 + b"\r\n\r\nhi", id="results"
        ),
    ],
)
def test_a_hostile_mail_is_read_without_harm(raw):
    # pytest-timeout ends a test that hangs.
    assert len(parse(raw).text) <= 200_000


def test_no_control_character_or_lone_surrogate_reaches_the_text():
    raw = (
        HEAD
        + b"Content-Type: text/plain; charset=unicode_escape\r\n\r\nhi\x00\x1b[31m \xed\xa0\x80"
    )

    text = parse(raw).text

    assert "hi" in text
    assert not set(text) & {"\x00", "\x1b"}
    assert text.encode()


def test_a_hostile_sender_does_not_keep_a_mail_from_being_stored():
    assert sender_of(b"From: " + b"(" * 990 + b"a@x.example\r\n\r\nhi") == ""


# --- Automatic mails ------------------------------------------------------------------------------

AUTOMATIC = {
    "an out-of-office notice": "Auto-Submitted: auto-replied",
    "a notification": "Auto-Submitted: auto-generated (a robot)",
    "Exchange": "X-Auto-Response-Suppress: All",
    "an old autoreply": "X-Autoreply: yes",
    "an old autoresponder": "X-Autorespond: 1",
    "a bulk mail": "Precedence: bulk",
    "junk": "Precedence: junk",
    "an old vacation notice": "Precedence: auto_reply",
    "a mailing list": "List-Id: <news.example.org>",
    "a newsletter": "List-Unsubscribe: <https://example.org/off>",
    "a loop": "X-Loop: example.org",
    "a bounce": "Return-Path: <>",
    "a delivery report": "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
}
"""Kinds of mail that a program wrote, by a header of theirs."""


@pytest.mark.parametrize("header", AUTOMATIC.values(), ids=AUTOMATIC)
def test_automatic_mails_are_recognised(header):
    assert parse(HEAD + header.encode() + b"\r\n\r\nhi").marker


@pytest.mark.parametrize(
    "sender",
    [
        "MAILER-DAEMON@x.example",
        "postmaster@x.example",
        "no-reply@x.example",
        "noreply+7@x.example",
    ],
)
def test_addresses_that_nobody_reads_are_recognised(sender):
    assert parse(b"From: " + sender.encode() + b"\r\n\r\nhi").marker


@pytest.mark.parametrize("header", ["Auto-Submitted: no", "Precedence: normal", "X-Spam: no"])
def test_a_persons_mail_is_not_automatic(header):
    assert parse(HEAD + header.encode() + b"\r\nReturn-Path: <jo@x.example>\r\n\r\nhi").marker == ""


def test_a_persons_address_may_begin_like_one_that_nobody_reads():
    assert (
        automatic_mail.marker({}, media_type="text/plain", sender="postmastersen@x.example") == ""
    )


# --- Verified senders -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "result"),
    [
        pytest.param("mx.desk.example; dmarc=pass header.from=example.com", Dmarc.PASS, id="pass"),
        pytest.param("mx.desk.example 1; spf=pass; dmarc=pass (p=none)", Dmarc.PASS, id="version"),
        pytest.param("MX.desk.example; dmarc=fail header.from=example.com", Dmarc.FAIL, id="fail"),
        pytest.param("mx.desk.example; dmarc=none", Dmarc.UNKNOWN, id="no policy"),
        pytest.param("mx.evil.example; dmarc=pass", Dmarc.UNKNOWN, id="another server"),
        pytest.param("mx.desk.example; spf=pass", Dmarc.UNKNOWN, id="SPF alone"),
        pytest.param(
            "mx.desk.example; dmarc=pass header.from=evil.example", Dmarc.UNKNOWN, id="other domain"
        ),
        pytest.param(
            'mx.desk.example; spf=none smtp.mailfrom="; dmarc=pass"@evil.example',
            Dmarc.UNKNOWN,
            id="quoted",
        ),
        pytest.param("mx.desk.example; spf=none (; dmarc=pass)", Dmarc.UNKNOWN, id="in a comment"),
        pytest.param('mx.desk.example; spf=none "; dmarc=pass', Dmarc.UNKNOWN, id="open quote"),
    ],
)
def test_a_sender_is_verified_by_our_own_mail_server_alone(header, result):
    own = "mx.desk.example"

    assert dmarc_of([header], authserv_id=own, sender="jo@example.com") is result
    assert dmarc_of([header], authserv_id="", sender="jo@example.com") is Dmarc.UNKNOWN


def test_the_topmost_result_of_our_mail_server_decides():
    headers = ["mx.desk.example; dmarc=fail", "mx.desk.example; dmarc=pass"]

    assert dmarc_of(headers, authserv_id="mx.desk.example", sender="jo@x.example") is Dmarc.FAIL


# --- Settings -------------------------------------------------------------------------------------


def test_a_mailbox_url_has_server_user_and_folder():
    mailbox = mailbox_url.parse("imaps://jo%40x.example:p%2Fw@mail.example/Support%20desk")

    assert mailbox
    assert (mailbox.host, mailbox.port, mailbox.user) == ("mail.example", 993, "jo@x.example")
    assert (mailbox.password, mailbox.folder) == ("p/w", "Support desk")
    assert "p/w" not in repr(mailbox)


@pytest.mark.parametrize(
    "text", ["mail.example", "pop3://u:secret@h", "imap://u:secret@h:x", "imap://h"]
)
def test_a_wrong_mailbox_url_is_refused_without_its_password(text):
    with pytest.raises(ValueError, match=r"imaps://user:password@host/INBOX") as refusal:
        mailbox_url.parse(text)

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("text", ["desk", "desk+1@x.example", "d" * 26 + "@x.example"])
def test_an_address_that_takes_no_plus_is_refused(text):
    with pytest.raises(ValueError, match=r"support@example\.com"):
        mailbox_url.reply_address(text)
