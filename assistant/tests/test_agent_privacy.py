"""Nobody but the model is spoken to, and without a model nothing is loaded that could."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from assistant.tests.scripted_model import says, searches

pytestmark = pytest.mark.slow

# Whatever asks for an address or connects is noted; nothing but loopback is let through.
SPY = """
import json, os, socket, sys
seen = []
connect, look_up = socket.socket.connect, socket.getaddrinfo
def noted(host):
    seen.append(str(host))
    if not str(host).startswith("127.") and host != "localhost":
        raise OSError("not from here")
def spying_connect(self, address):
    if self.family != socket.AF_UNIX:
        noted(address[0])
    return connect(self, address)
def spying_look_up(host, *args, **more):
    noted(host)
    return look_up(host, *args, **more)
socket.socket.connect, socket.getaddrinfo = spying_connect, spying_look_up
"""

RUN = """
import django
django.setup()
from assistant.agent.providers.agno_client import AgnoClient
from assistant.agent.run import Run
from assistant.agent.limits import Limits
client = AgnoClient("openai-like:scripted", sys.argv[1], "", 100, "PK")
client.load()
run = Run(Limits())
print("said", client.complete(run, system="s", message="m", search=lambda question, limit: "{}"))
"""

CONTROL = """
from agno.agent import Agent
from agno.models.openai.like import OpenAILike
os.environ["AGNO_TELEMETRY"] = "true"
Agent(model=OpenAILike(id="m", base_url=sys.argv[1])).run("m")
"""

TELL = """
import threading, time
for thread in threading.enumerate():
    if thread is not threading.current_thread() and not thread.daemon:
        thread.join(5)
time.sleep(0.5)
print("seen", json.dumps(sorted(set(seen))))
"""


def python(code: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        env={**os.environ, **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def seen(printed: str) -> set[str]:
    (line,) = [line for line in printed.splitlines() if line.startswith("seen ")]
    return set(json.loads(line.removeprefix("seen ")))


@pytest.mark.parametrize("value", ["true", "false"])
def test_the_environment_cannot_change_the_address(scripted, value):
    scripted.play(searches("x"), says("A reply."))

    printed = python(SPY + RUN + TELL, scripted.url, AGNO_TELEMETRY=value)

    assert "said A reply." in printed
    assert len(scripted.requests) == 2
    assert seen(printed) == {"127.0.0.1"}


def test_the_spy_would_see_telemetry(scripted):
    scripted.play(says("A reply."))

    printed = python(SPY + CONTROL + TELL, scripted.url, AGNO_TELEMETRY="true")

    assert seen(printed) - {"127.0.0.1"}


def test_without_a_model_agno_is_never_imported_not_even_with_a_key():
    code = """
import sys, django
django.setup()
from django.core.management import call_command
from assistant import checks, wiring
from assistant.agent.null_agent import NullAgent
call_command("check")
assert isinstance(wiring.agent(), NullAgent)
print(sorted(name for name in sys.modules if name.split(".")[0] in ("agno", "openai", "httpx")))
"""
    empty = dict.fromkeys(("AGENT_MODEL", "AGENT_BASE_URL"), "")

    assert python(code, **empty).splitlines()[-1] == "[]"
    assert python(code, **empty, AGENT_API_KEY="sk-x").splitlines()[-1] == "[]"
