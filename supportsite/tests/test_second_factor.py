"""A code beside the password: set up, asked for, lost."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.models import Record

pytestmark = pytest.mark.django_db

LOGIN, PAGE = "/admin/login/", "/admin/second-factor/"
PASSWORD = "a-lamp-in-the-hall-7"


@pytest.fixture(autouse=True)
def sam():
    return User.objects.create_user("sam", password=PASSWORD, is_staff=True)


def sign_in(code: str = "", client: Client | None = None):
    sent = {"username": "sam", "password": PASSWORD, "code": code}
    return (client or Client()).post(LOGIN, sent)


def now(steps: int = 0) -> str:
    """The code that the app shows, or will show some steps later."""
    device = TOTPDevice.objects.get()
    return f"{totp(device.bin_key, drift=device.drift + steps):06}"


def set_up(client: Client) -> list[str]:
    """As a person does it; the recovery codes that are shown."""
    client.get(PAGE)
    shown = client.post(PAGE, {"do": "confirm", "code": now()}).content.decode()
    return re.findall(r"<li><code>(\w+)</code>", shown)


@pytest.fixture
def signed_in(sam):
    client = Client()
    assert sign_in(client=client).status_code == 302
    return client


def test_without_one_the_password_is_enough():
    assert sign_in()["Location"] == "/admin/"


def test_it_is_set_up_with_the_first_code_and_then_required(signed_in):
    page = signed_in.get(PAGE).content.decode()
    assert "<svg" in page
    assert re.search(r"Secret: <code>[A-Z2-7]{32}</code>", page)

    codes = set_up(signed_in)

    assert len(set(codes)) == 10
    assert "Enter the code from your app" in sign_in().content.decode()
    assert sign_in("000000").status_code == 200
    assert "user.second_factor_set_up" in [entry.action for entry in Record.objects.by("sam")]


def test_a_wrong_first_code_sets_up_nothing(signed_in):
    signed_in.get(PAGE)
    signed_in.post(PAGE, {"do": "confirm", "code": "000000"})

    assert not TOTPDevice.objects.get().confirmed
    assert sign_in()["Location"] == "/admin/"


def test_a_code_is_good_once(signed_in):
    set_up(signed_in)
    code = now(1)

    assert sign_in(code).status_code == 302
    assert sign_in(code).status_code == 200


def test_a_recovery_code_is_good_once_and_new_ones_replace_the_old(signed_in):
    one, two, *_ = set_up(signed_in)

    assert sign_in(one.upper()).status_code == 302
    assert sign_in(one).status_code == 200
    signed_in.post(PAGE, {"do": "codes"})

    assert sign_in(two).status_code == 200


def test_wrong_codes_shut_the_account_as_wrong_passwords_do(signed_in, settings):
    settings.AXES_FAILURE_LIMIT = 3
    set_up(signed_in)

    statuses = [sign_in(f"00000{number}").status_code for number in range(3)]

    assert statuses == [200, 200, 429]
    refused = Record.objects.by("sam").filter(action="user.sign_in_refused")
    assert refused.count() == 3


def test_another_persons_code_is_of_no_use(signed_in):
    set_up(signed_in)
    code = now(1)
    User.objects.create_user("kim", password=PASSWORD, is_staff=True)
    kim = TOTPDevice.objects.create(user=User.objects.get(username="kim"), confirmed=True)
    assert kim.key != TOTPDevice.objects.get(user__username="sam").key

    reply = Client().post(LOGIN, {"username": "kim", "password": PASSWORD, "code": code})

    assert reply.status_code == 200


def test_it_can_be_turned_off_again_by_who_has_shown_it(signed_in):
    set_up(signed_in)
    signed_in.post(PAGE, {"do": "off"})

    assert sign_in()["Location"] == "/admin/"


def test_an_older_session_cannot_turn_it_off(signed_in):
    older = Client()
    sign_in(client=older)
    set_up(signed_in)

    older.post(PAGE, {"do": "off"})
    older.post(PAGE, {"do": "codes"})

    assert TOTPDevice.objects.get().confirmed
    assert "Enter your code" in older.get(PAGE).content.decode()
    assert older.post(PAGE, {"do": "confirm", "code": now(1)})["Location"] == "/admin/"


def test_an_administrator_helps_people_who_lost_phone_and_codes(signed_in, capsys):
    set_up(signed_in)

    call_command("second_factor_off", "sam")

    assert sign_in()["Location"] == "/admin/"
    assert "Devices removed: 2" in capsys.readouterr().out
    assert Record.objects.filter(action="user.second_factor_turned_off").count() == 1


def test_required_it_opens_nothing_until_it_is_set_up(settings, signed_in):
    settings.SECOND_FACTOR = "required"

    assert signed_in.get("/admin/")["Location"] == PAGE
    assert signed_in.get("/admin/auth/user/")["Location"] == PAGE
    set_up(signed_in)

    assert signed_in.get("/admin/").status_code == 200
    signed_in.post(PAGE, {"do": "off"})
    assert TOTPDevice.objects.get().confirmed


def test_required_a_session_from_before_has_to_show_it(settings, signed_in):
    older = Client()
    sign_in(client=older)
    set_up(signed_in)

    settings.SECOND_FACTOR = "required"

    assert older.get("/admin/")["Location"] == PAGE
    older.post(PAGE, {"do": "confirm", "code": now(1)})
    assert older.get("/admin/").status_code == 200


def test_required_it_is_not_asked_of_who_came_through_a_provider(settings, sam):
    settings.SECOND_FACTOR = "required"
    client = Client()
    client.force_login(sam, backend="supportsite.login.oidc.Backend")

    assert client.get("/admin/").status_code == 200


def test_nobody_sees_anybodys_secret_in_the_desk(admin_client):
    assert admin_client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert admin_client.get("/admin/axes/accessattempt/").status_code == 404


def test_it_is_for_staff_alone(client):
    assert client.get(PAGE).status_code == 302
