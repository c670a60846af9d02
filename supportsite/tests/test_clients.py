"""Clients that two generators make of the schema compile, and call a served site.

``make test`` installs the generators in ``.venv/clients``; docs/api.md says how to use them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import sync_playwright

from supportsite.tests.browser import new_page
from supportsite.tests.served import Site

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent / "clients"
INSTALLED = Path(sys.prefix) / "clients"

CALLS = [
    *("ask", "ask with a choice", "give_feedback", "search"),
    *("tickets_create", "tickets_read", "tickets_claim"),
    *("faqs_list", "faqs_update", "faqs_export"),
    *("gaps_list", "outcomes_read", "releases_draft", "audit_list is refused"),
]

ASK = """
async ([site, token]) => {
  const reply = await fetch(`${site}/ask`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ message: "How do I reset my password?" }),
  });
  return [reply.status, (await reply.json()).outcome, reply.headers.get("X-Request-ID")];
}
"""


def run(*command: str | Path, folder: Path, **env: str) -> str:
    ended = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **env},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


class Shop(BaseHTTPRequestHandler):
    """A page of another site."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Shop</title>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop() -> Iterator[int]:
    """The port of a page that may call the site as localhost, and may not as 127.0.0.1."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, shop: int) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("clients")
    one = Site(folder / "site", CORS_ORIGINS=f"http://localhost:{shop}")
    try:
        yield one.copy_first_start().start()
    finally:
        one.end()


@pytest.fixture(scope="module")
def tokens(site: Site) -> list[str]:
    """Of a customer, a publisher and support."""
    roles = ("customer", "publisher", "support")
    return [site.manage("token", f"{role}-1", "--role", role).text.strip() for role in roles]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert INSTALLED.is_dir(), "run make .venv/.installed-clients"
    file = tmp_path_factory.mktemp("schema") / "schema.yaml"
    call_command("spectacular", file=str(file))
    return file


def test_a_typescript_client_compiles_and_calls_the_site(schema, site, tokens, tmp_path):
    (tmp_path / "node_modules").symlink_to(INSTALLED / "node_modules")
    for name in ("calls.ts", "package.json", "tsconfig.json"):
        shutil.copy(HERE / name, tmp_path)
    programs = INSTALLED / "node_modules" / ".bin"

    run(programs / "openapi-typescript", schema, "-o", "schema.d.ts", folder=tmp_path)
    run(programs / "tsc", "--noEmitOnError", folder=tmp_path)
    called = run("node", "calls.js", site.address, *tokens, folder=tmp_path)

    assert called.splitlines() == CALLS


def test_a_python_client_is_whole_and_calls_the_site(schema, site, tokens, tmp_path):
    client = tmp_path / "supportsite_client"
    run(
        *(sys.executable, "-m", "openapi_python_client", "generate", "--path", schema),
        *("--config", HERE / "python.yml", "--meta", "none", "--output-path", client),
        # A part of the schema that it does not understand would be left out with a warning.
        "--fail-on-warning",
        folder=tmp_path,
        PYTHONPATH=str(INSTALLED / "python"),
    )
    # What callers see. In the client itself, generated variables have names of properties.
    run(
        *(sys.executable, "-m", "mypy", "--config-file=", "--cache-dir", os.devnull),
        *("--follow-imports=silent", HERE / "calls.py"),
        folder=tmp_path,
        MYPYPATH=str(tmp_path),
    )
    called = run(
        *(sys.executable, HERE / "calls.py", site.address, *tokens),
        folder=tmp_path,
        PYTHONPATH=str(tmp_path),
    )

    assert called.splitlines() == CALLS


def test_a_browser_lets_a_page_of_a_listed_origin_call_the_site_and_no_other(site, tokens, shop):
    call = [site.address, tokens[0]]
    with sync_playwright() as playwright:
        page = new_page(playwright)
        page.goto(f"http://localhost:{shop}/")
        status, outcome, request_id = page.evaluate(ASK, call)
        page.goto(f"http://127.0.0.1:{shop}/")
        refused = page.evaluate(f"(call) => ({ASK})(call).catch((error) => String(error))", call)
        page.context.browser.close()

    assert (status, outcome) == (200, "answered")
    assert request_id
    assert "Failed to fetch" in refused
