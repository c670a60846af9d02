"""EMAIL_URL -> how mail is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from supportsite import email_url, env

FOLDER = Path("/nowhere/mail")


def settings(url):
    matches = email_url.settings(url, fallback=FOLDER)
    return {name.removeprefix("EMAIL_").lower(): value for name, value in matches.items()}


def test_without_one_mails_are_files():
    assert settings("")["file_path"] == "/nowhere/mail"


@pytest.mark.parametrize(
    ("url", "port", "starts_tls", "is_tls"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp+tls://mail.example", 587, True, False),
        ("smtps://mail.example", 465, False, True),
        ("smtps://mail.example:2465", 2465, False, True),
    ],
)
def test_a_scheme_says_whether_and_how_it_is_encrypted(url, port, starts_tls, is_tls):
    matches = settings(url)

    assert (matches["host"], matches["port"]) == ("mail.example", port)
    assert (matches["use_tls"], matches["use_ssl"]) == (starts_tls, is_tls)
    assert matches["timeout"] == 10


def test_user_and_password_may_hold_any_character():
    matches = settings("smtp+tls://jo%40shop.example:p%2Fw%3A@mail.example")

    assert (matches["host_user"], matches["host_password"]) == ("jo@shop.example", "p/w:")


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://"])
def test_what_is_no_mail_server_is_refused(url):
    with pytest.raises(ValueError, match=r"smtp\+tls"):
        settings(url)


def test_what_cannot_be_parsed_names_its_variable(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "mail.example")

    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must be "):
        env.parsed("EMAIL_URL", "", settings)


def test_unset_it_is_the_default(monkeypatch):
    monkeypatch.delenv("EMAIL_URL", raising=False)

    mail = env.parsed("EMAIL_URL", "smtp://mail.example", settings)
    assert mail["host"] == "mail.example"
