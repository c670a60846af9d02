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


def seen(printed: str) -> list[set[str]]:
    lines = [line for line in printed.splitlines() if line.startswith("seen ")]
    return [set(json.loads(line.removeprefix("seen "))) for line in lines]


def test_the_environment_cannot_change_the_address(scripted):
    scripted.play(searches("x"), says("A reply."))

    printed = python(SPY + RUN + TELL + CONTROL + TELL, scripted.url, AGNO_TELEMETRY="true")

    assert "said A reply." in printed
    of_the_run, with_telemetry = seen(printed)
    assert of_the_run == {"127.0.0.1"}
    # The spy sees telemetry.
    assert with_telemetry - of_the_run
    # Two of the run, one of the control.
    assert len(scripted.requests) == 3


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
    variables = {"AGENT_MODEL": "", "AGENT_BASE_URL": "", "AGENT_API_KEY": "sk-x"}

    assert python(code, **variables).splitlines()[-1] == "[]"
