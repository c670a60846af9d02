"""Failed sign-ins lock an account or address for a while, and that is recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from audit.models import Record

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
PASSWORD = "a-lamp-in-the-hall-7"


@pytest.fixture(autouse=True)
def people(settings):
    settings.AXES_FAILURE_LIMIT = 3
    settings.PROXY_SECRETS = ["p" * 40]
    for name in ("sam", "kim"):
        User.objects.create_user(name, password=PASSWORD, is_staff=True)


def sign_in(name: str, password: str, *, address: str = "192.0.2.1", **headers: str):
    proxied = {"X-Proxy-Secret": "p" * 40, "X-Forwarded-For": address, **headers}
    return Client().post(LOGIN, {"username": name, "password": password}, headers=proxied)


def actions(name: str) -> list[str]:
    return [entry.action for entry in Record.objects.by(name).order_by("id")]


def test_an_account_is_shut_after_too_many_wrong_passwords_even_for_the_right_one():
    for _ in range(2):
        assert sign_in("sam", "wrong").status_code == 200

    assert sign_in("sam", "wrong").status_code == 429
    shut = sign_in("sam", PASSWORD)

    assert shut.status_code == 429
    assert shut["Retry-After"] == "900"
    assert "Too many attempts" in shut.content.decode()
    assert "15 minutes" in shut.content.decode()


def test_it_is_shut_from_every_address_and_others_are_not():
    for number in range(3):
        sign_in("sam", "wrong", address=f"192.0.2.{number}")

    assert sign_in("sam", PASSWORD, address="192.0.2.99").status_code == 429
    assert sign_in("kim", PASSWORD).status_code == 302


def test_an_address_is_shut_after_more_of_them_whatever_names_are_tried():
    statuses = [sign_in(f"nobody{number}", "wrong").status_code for number in range(12)]

    assert statuses == [200] * 11 + [429]
    assert sign_in("kim", PASSWORD).status_code == 429
    assert sign_in("kim", PASSWORD, address="192.0.2.2").status_code == 302


def test_an_ipv6_caller_is_counted_by_its_network():
    for number in range(12):
        sign_in(f"nobody{number}", "wrong", address=f"2001:db8::{number}")

    assert sign_in("kim", PASSWORD, address="2001:db8::ffff").status_code == 429
    assert sign_in("kim", PASSWORD, address="2001:db8:1::1").status_code == 302


def test_an_address_that_is_made_up_changes_nothing(settings):
    for number in range(12):
        Client().post(
            LOGIN,
            {"username": f"n{number}", "password": "wrong"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        )

    reply = Client().post(LOGIN, {"username": "kim", "password": PASSWORD})

    assert reply.status_code == 429


def test_callers_of_whom_no_address_is_known_are_counted_as_one():
    def sign_in_from_nowhere(name: str, password: str) -> int:
        sent = {"username": name, "password": password}
        return Client().post(LOGIN, sent, REMOTE_ADDR="").status_code

    statuses = [sign_in_from_nowhere(f"nobody{number}", "wrong") for number in range(12)]

    assert statuses[-1] == 429
    assert sign_in("kim", PASSWORD).status_code == 302


def test_signing_in_between_guesses_opens_nothing_but_ones_own_account():
    for _ in range(2):
        sign_in("sam", "wrong")
    sign_in("kim", "wrong")
    assert sign_in("kim", PASSWORD).status_code == 302

    assert sign_in("sam", "wrong").status_code == 429


def test_a_slip_or_two_are_forgotten_once_the_right_one_is_given():
    for _ in range(3):
        sign_in("sam", "wrong")
        AccessAttempt.objects.filter(failures_since_start__gt=2).delete()
        sign_in("sam", PASSWORD)

    assert sign_in("sam", PASSWORD).status_code == 302


def test_it_is_open_again_when_the_time_is_over():
    for _ in range(3):
        sign_in("sam", "wrong")
    attempt = AccessAttempt.objects.get(username="sam")
    AccessAttempt.objects.update(attempt_time=attempt.attempt_time - timedelta(minutes=16))

    assert sign_in("sam", PASSWORD).status_code == 302


def test_the_lock_out_is_recorded_once_and_each_refusal():
    for _ in range(5):
        sign_in("sam", "wrong")

    assert actions("sam").count("user.locked_out") == 1
    assert actions("sam").count("user.sign_in_refused") == 5


@pytest.mark.parametrize("who", ["sam", "192.0.2.1"])
def test_an_administrator_can_end_a_lockout_early(who, capsys):
    for _ in range(3):
        sign_in("sam", "wrong")

    call_command("unlock", who)

    assert sign_in("sam", PASSWORD).status_code == 302
    assert Record.objects.filter(action="user.unlocked").count() == 1
    assert f"{who} can sign in again" in capsys.readouterr().out


def test_no_password_and_no_form_is_stored_with_the_count():
    sign_in("sam", "hunter-2-hunter-2")
    sign_in("sam", "hunter-3-hunter-3")

    attempt = AccessAttempt.objects.get(username="sam")

    assert attempt.failures_since_start == 2
    assert "hunter" not in f"{attempt.post_data}{attempt.get_data}"
    assert "sam" not in attempt.post_data
