"""What replies let a browser do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import unfold
from django.conf import settings
from django.contrib.staticfiles import finders
from unfold.settings import get_config

STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("get", "/healthz", id="a probe"),
        pytest.param("post", "/ask", id="the API, to nobody"),
        pytest.param("get", "/nowhere", id="an unknown path"),
        pytest.param("get", "/", id="a redirect"),
    ],
)
def test_replies_to_programs_may_do_nothing_in_a_browser(client, method, path):
    reply = getattr(client, method)(path)

    assert reply["Content-Security-Policy"] == STRICT


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/nowhere/", "/docs", "/healthz"])
def test_every_reply_has_the_other_headers_too(client, path):
    reply = client.get(path)

    assert "camera=()" in reply["Permissions-Policy"]
    assert reply["Referrer-Policy"] == "same-origin"
    assert reply["Cross-Origin-Opener-Policy"] == "same-origin"
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert reply["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/docs", "/help/"])
def test_no_page_may_run_inline_or_foreign_scripts_or_styles(client, path):
    policy = client.get(path)["Content-Security-Policy"]

    for kind in ("script-src", "style-src"):
        (sources,) = re.findall(rf"{kind} ([^;]*)", policy)
        assert sources.split() == ["'self'"]
    assert "unsafe" not in policy


def test_every_expression_that_the_policys_alpine_cannot_read_is_rewritten():
    script = Path(str(finders.find("supportsite/expressions.js"))).read_text()
    rewritten = [
        ast.literal_eval(literal) for literal in re.findall(r'^    \[(".*?"), "', script, re.M)
    ]
    folders = (Path(unfold.__file__).parent, settings.BASE_DIR)
    templates = [
        file.read_text()
        for folder in folders
        for file in folder.glob("**/templates/**/*.html")
        if ".venv" not in file.parts[len(folder.parts) :]
    ]
    attributes = re.findall(r'\s(?:x-[a-z]|@|:)[a-z.:-]+="([^"]*)"', "\n".join(templates))
    for text in rewritten:
        assert any(text in attribute for attribute in attributes), (
            f"Unfold has it no longer: {text}"
        )
        attributes = [attribute.replace(text, "") for attribute in attributes]

    # Several statements, arrow functions and global variables.
    unreadable = re.compile(r";\s*\S|=>|^\s*if\b|\b(?:localStorage|window|document)\b")
    assert len(attributes) > 100
    assert [attribute for attribute in attributes if unreadable.search(attribute)] == []


def test_the_colours_of_the_desk_are_those_of_unfold():
    css = Path(str(finders.find("supportsite/colours.css"))).read_text()

    for name, weights in get_config()["COLORS"].items():
        for weight, value in weights.items():
            assert f"--color-{name}-{weight}: {value};" in css


def test_a_request_that_is_refused_at_the_door_has_a_policy_too(client):
    reply = client.get("/healthz", headers={"Content-Length": "many"})

    assert reply.status_code == 400
    assert reply["Content-Security-Policy"] == STRICT
