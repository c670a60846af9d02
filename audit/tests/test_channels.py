"""Personal data: the modes of each channel."""

from __future__ import annotations

import pytest

from audit.checks import logs_are_redacted, phones_have_a_country
from audit.privacy import phones
from audit.privacy.channels import DEFAULTS, MODES, Channel, Mode, parse


def test_what_is_not_named_stays_as_it_is():
    assert parse("") == DEFAULTS
    assert parse(" ask=reject\n mail=off ") == {**DEFAULTS, "ask": "reject", "mail": "off"}


def test_by_default_conversations_are_encrypted_faqs_stay_and_all_else_is_redacted():
    others = {name: mode for name, mode in DEFAULTS.items() if mode is not Mode.REDACT}

    assert others == {"tickets": "encrypt", "comments": "encrypt", "faqs": "warn"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ask", "one of redact, reject, off"),
        ("ask=", "one of redact, reject, off"),
        ("ask=warn", "one of redact, reject, off"),
        ("logs=reject", "one of redact, off"),
        ("audit=off", "channels from ask, tickets"),
        ("ask=redact,tickets=off", "one of redact"),
        ("ASK=off", "channels from"),
    ],
)
def test_what_cannot_be_meant_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_every_channel_can_be_redacted_and_switched_off():
    assert MODES.keys() == set(Channel)
    assert all({Mode.REDACT, Mode.OFF} <= modes for modes in MODES.values())


def test_logs_that_are_not_redacted_do_not_go_unnoticed(settings):
    settings.REDACTION = parse("logs=off")

    assert [warning.id for warning in logs_are_redacted(None)] == ["audit.W001"]


def test_redacted_logs_are_fine(settings):
    assert logs_are_redacted(None) == []


@pytest.mark.parametrize(("region", "warns"), [("", True), ("PK", False), ("ZZ", False)])
def test_a_site_without_a_phone_region_gets_a_warning(settings, region, warns):
    settings.PHONE_REGION = region

    ids = [warning.id for warning in phones_have_a_country(None)]

    assert ids == (["audit.W002"] if warns else [])


def test_a_phone_region_is_a_country():
    assert [phones.region(name) for name in ("", "PK", "ZZ")] == ["", "PK", "ZZ"]
    with pytest.raises(ValueError, match="a country's code such as PK"):
        phones.region("Pakistan")
