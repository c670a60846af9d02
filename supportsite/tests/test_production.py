"""An unsafe public site does not start: one line per reason, with the variable."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import cycle, islice

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from supportsite.secrets import NAMES, weakness
from supportsite.serving.preflight import startup_errors
from supportsite.tests.configured import complaints, configured

pytestmark = pytest.mark.slow

ALPHABET = "Zq7Lm2Xv9Rt4Kp8Wn3Hc6Yd5Bf1Gj0Ts"
SECRETS = {
    name: "".join(islice(cycle(ALPHABET + name), 5 * shift, 5 * shift + 64))
    for shift, name in enumerate(NAMES, start=1)
}
HOST = {"ALLOWED_HOSTS": "support.example.com"}

REFUSED = [
    pytest.param({"DEBUG": "1"}, "DEBUG is on, and ALLOWED_HOSTS", id="debug"),
    pytest.param(
        {"DEBUG": "1", "ALLOWED_HOSTS": "", "BIND": "0.0.0.0:8000"},
        "DEBUG is on, and BIND is open",
        id="debug on an open port, whatever it is called",
    ),
    pytest.param(
        {"DEBUG": "1", "SECRET_KEY": ""},
        "SECRET_KEY is a well-known value",
        id="debug's own default secret",
    ),
    pytest.param({"SECRET_KEY": ""}, "SECRET_KEY is not set", id="no secret"),
    pytest.param(
        {"AUDIT_MAC_KEY": "a1" * 20}, "AUDIT_MAC_KEY has too few", id="weak key of the trail"
    ),
    pytest.param(
        {"JWT_SECRET": SECRETS["SECRET_KEY"]},
        "JWT_SECRET is not set, or the same as SECRET_KEY",
        id="one value for two secrets",
    ),
    pytest.param(
        {"AUDIT_MAC_KEY": ""},
        "AUDIT_MAC_KEY is not set, or the same as SECRET_KEY",
        id="no key of the trail's own",
    ),
    pytest.param({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS has a *", id="any host"),
    pytest.param({"HTTPS": "false"}, "HTTPS is off", id="cookies over plain HTTP"),
]


def run(*command: str, state_dir, **environment: str) -> subprocess.CompletedProcess[str]:
    stored = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        # Were it to start all the same, there is no database to serve from.
        env={
            **stored,
            "STATE_DIR": str(state_dir),
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
            **SECRETS,
            **HOST,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


GUNICORN = ("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "supportsite.wsgi")


def refusals(state_dir, **environment: str) -> list[str]:
    """What gunicorn would say, without a process."""
    try:
        with configured(state_dir, **{**SECRETS, **HOST, **environment}):
            return complaints()
    except ImproperlyConfigured as error:
        return [str(error)]


@pytest.mark.parametrize(("wrong", "message"), REFUSED)
def test_an_unsafe_setting_is_refused_by_its_name(tmp_path, wrong, message):
    assert any(line.startswith(message) for line in refusals(tmp_path, **wrong))


@pytest.mark.parametrize(
    ("wrong", "messages"),
    [
        pytest.param({"SECRET_KEY": ""}, ["SECRET_KEY is not set"], id="a setting"),
        pytest.param(
            {"ALLOWED_HOSTS": "*", "HTTPS": "false"},
            ["ALLOWED_HOSTS has a *", "HTTPS is off"],
            id="two system checks",
        ),
    ],
)
def test_gunicorn_refuses_with_a_line_for_each_reason(tmp_path, wrong, messages):
    ended = run(*GUNICORN, state_dir=tmp_path, **wrong)

    lines = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert len(lines) == len(messages)
    for line, start in zip(lines, messages, strict=True):
        assert line.startswith(f"Not started: {start}")


def test_serve_refuses_too(tmp_path):
    ended = run("manage.py", "serve", state_dir=tmp_path, ALLOWED_HOSTS="*")

    assert ended.returncode == 1
    assert "ALLOWED_HOSTS has a *" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["worker", "audit_seal"])
def test_every_other_command_that_serves_checks_the_settings(tmp_path, command):
    unsafe = configured(tmp_path, **SECRETS, ALLOWED_HOSTS="*")

    with unsafe, pytest.raises(SystemCheckError, match=r"ALLOWED_HOSTS has a \*"):
        call_command(command, skip_checks=False)


def test_nothing_is_held_against_a_deployment_that_is_set_up_well(tmp_path):
    with configured(tmp_path, **SECRETS, **HOST, PHONE_REGION="ZZ"):
        call_command("check", deploy=True, fail_level="WARNING")

    # It gets as far as the database, which is not there.
    ended = run(*GUNICORN, state_dir=tmp_path)
    assert "connection" in ended.stderr
    assert "Not started" not in ended.stderr


def test_one_machines_own_site_may_be_debugged(tmp_path):
    assert refusals(tmp_path, DEBUG="1", ALLOWED_HOSTS="") == []


def test_nothing_is_held_against_the_site_of_these_tests():
    assert startup_errors() == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param("short", "is shorter than 32", id="short"),
        pytest.param(
            "change-me-change-me-change-me-32b", "is a well-known", id="the published one"
        ),
        pytest.param(
            "django-insecure-" + ALPHABET, "is a well-known", id="as startproject makes it"
        ),
        pytest.param("abcdefghijklmnopqrstuvwxyz0123456789", "is a sequence", id="the alphabet"),
        pytest.param("x7Kq9Lm2Rt4W" * 3, "repeats itself", id="a short text thrice"),
        pytest.param("My-SuperSecret-key-of-the-shop-1234", "is a well-known", id="tutorial"),
        pytest.param(
            "a-string-secret-at-least-256-bits-long", "is a well-known", id="jwt.io's example"
        ),
        pytest.param(
            "your-256-bit-secret-your-256-bit-secret", "is a well-known", id="its old one, doubled"
        ),
        pytest.param(
            "x7Kq9Lm2Rt4Wv8Zs-x7Kq9Lm2Rt4Wv8Zs", "repeats itself", id="doubled with a hyphen"
        ),
        pytest.param(
            "the quick brown fox jumps over the lazy dog", "consists of words", id="a sentence"
        ),
        pytest.param(
            "Our-shop-signs-its-tokens-with-this-one", "consists of words", id="with hyphens"
        ),
        pytest.param("m2-kUvx_Rq9-abT_w0LzE-hdQ_5nYcJ-pXg8", "", id="random, with hyphens"),
        pytest.param("0b4f6c1d9a7e3582" + "9d1c6e4b8f0a2753", "", id="random hexadecimal"),
        pytest.param(ALPHABET, "", id="32 different characters"),
    ],
)
def test_a_secret_is_what_nobody_can_guess(value, reason):
    assert weakness(value).startswith(reason)
    assert bool(weakness(value)) == bool(reason)
