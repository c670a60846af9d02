"""An unsafe public site does not start: one line per reason, with the variable."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import cycle, islice

import pytest
from django.conf import settings

from supportsite.secrets import NAMES, weakness
from supportsite.serving.preflight import startup_errors

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


@pytest.mark.parametrize(("wrong", "message"), REFUSED)
def test_gunicorn_refuses_with_one_line_that_names_the_variable(tmp_path, wrong, message):
    ended = run(*GUNICORN, state_dir=tmp_path, **wrong)

    lines = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert any(line.startswith(f"Not started: {message}") for line in lines)
    assert all(line.startswith("Not started: ") for line in lines)


@pytest.mark.parametrize("command", ["serve", "worker", "audit_seal"])
def test_every_command_that_serves_refuses_too(tmp_path, command):
    ended = run("manage.py", command, state_dir=tmp_path, ALLOWED_HOSTS="*")

    assert ended.returncode == 1
    assert "ALLOWED_HOSTS has a *" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_nothing_is_held_against_a_deployment_that_is_set_up_well(tmp_path):
    deploy = run(
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        state_dir=tmp_path,
        PHONE_REGION="ZZ",
    )
    assert deploy.returncode == 0, deploy.stderr

    # It gets as far as the database, which is not there.
    ended = run(*GUNICORN, state_dir=tmp_path)
    assert "connection" in ended.stderr
    assert "Not started" not in ended.stderr


def test_one_machines_own_site_may_be_debugged(tmp_path):
    ended = run("manage.py", "check", state_dir=tmp_path, DEBUG="1", ALLOWED_HOSTS="")

    assert ended.returncode == 0


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
