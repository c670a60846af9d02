"""The programs of docs/api.md, webhooks.md and channels.md do what these say, in each language."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from supportsite.auth.authentication import verify
from supportsite.tests.documents import snippet
from tickets.delivery.webhooks.signature import headers, is_genuine

API = (settings.BASE_DIR / "docs" / "api.md").read_text()
CHANNELS = (settings.BASE_DIR / "docs" / "channels.md").read_text()
WEBHOOKS = (settings.BASE_DIR / "docs" / "webhooks.md").read_text()

INTERPRETERS = {"python": sys.executable, "javascript": "node", "php": "php"}

SECRET = "a secret of this test alone, 0123456789"
BODY = '{"event":"ticket.opened","ticket":{"message":"Où est-ce ?"}}'

CALLS = {
    "python": """
import os
print(is_genuine(os.environ["BODY"].encode(), *(os.environ[n] for n in ("AT", "BY", "SECRET"))))
""",
    "javascript": """
const { BODY, AT, BY, SECRET } = process.env;
console.log(isGenuine(Buffer.from(BODY), AT, BY, SECRET) ? "True" : "False");
""",
    "php": """
[$body, $at, $by, $secret] = array_map(getenv(...), ["BODY", "AT", "BY", "SECRET"]);
echo is_genuine($body, $at, $by, $secret) ? "True" : "False";
""",
}


def execute(language: str, code: str, folder: Path, **env: str) -> str:
    interpreter = shutil.which(INTERPRETERS[language])
    if not interpreter:
        pytest.skip(f"no {INTERPRETERS[language]} here")
    program = folder / "program"
    if language == "php" and "<?php" not in code:
        code = "<?php\n" + code
    program.write_text(code)
    ended = subprocess.run(
        [interpreter, program],
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.mark.parametrize("language", INTERPRETERS)
def test_a_token_made_as_documented_is_accepted(language, tmp_path):
    code = snippet(API, language)

    token = execute(language, code, tmp_path, JWT_SECRET=settings.JWT_SECRET)

    claims = verify(token)
    assert (claims["sub"], claims["roles"]) == ("u1", ["customer"])


@pytest.mark.parametrize(
    ("body", "seconds", "secret", "is_genuine"),
    [
        pytest.param(BODY, 0, SECRET, "True", id="as sent"),
        pytest.param(BODY, 0, "another secret, 0123456789abcdefghijk", "False", id="other secret"),
        pytest.param(BODY + " ", 0, SECRET, "False", id="other body"),
        pytest.param(BODY, -400, SECRET, "False", id="too old"),
    ],
)
@pytest.mark.parametrize("language", INTERPRETERS)
def test_a_webhook_is_verified_as_documented(language, body, seconds, secret, is_genuine, tmp_path):
    sent = headers(
        BODY.encode(),
        delivery="1",
        timestamp=int(time.time()) + seconds,
        # As during a change of the secret.
        keys=["the new secret of that day, 0123456789", SECRET],
    )
    code = snippet(WEBHOOKS, language) + CALLS[language]

    printed = execute(
        language,
        code,
        tmp_path,
        BODY=body,
        AT=sent["Webhook-Timestamp"],
        BY=sent["Webhook-Signature"],
        SECRET=secret,
    )

    assert printed == is_genuine


SIGNING_CALLS = {
    "python": """
import json, os
print(json.dumps(signed_headers(os.environ["BODY"].encode(), os.environ["SECRET"])))
""",
    "javascript": """
console.log(JSON.stringify(signedHeaders(Buffer.from(process.env.BODY), process.env.SECRET)));
""",
    "php": 'echo json_encode(signed_headers(getenv("BODY"), getenv("SECRET")));',
}


@pytest.mark.parametrize("language", INTERPRETERS)
def test_a_message_that_is_signed_as_documented_is_genuine(language, tmp_path):
    code = snippet(CHANNELS, language) + SIGNING_CALLS[language]

    signed = json.loads(execute(language, code, tmp_path, BODY=BODY, SECRET=SECRET))

    assert is_genuine(
        BODY.encode(),
        timestamp=signed["Webhook-Timestamp"],
        signatures=signed["Webhook-Signature"],
        secret=SECRET,
        now=time.time(),
    )
