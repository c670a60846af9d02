"""A real browser, and what it complains about."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import Page, Playwright, expect

PATIENCE = 30_000
"""Milliseconds; a busy machine takes its time to publish."""


def chromium() -> str:
    """Its path; the test fails without one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if not program:
        pytest.fail("No Chromium: on Debian, apt-get install -y chromium", pytrace=False)
    return program


def new_page(playwright: Playwright, *, scripts: bool = True) -> Page:
    """In a browser of its own; close ``page.context.browser``."""
    # Debian's runs as root in containers, where its sandbox cannot.
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
    page = browser.new_page(java_script_enabled=scripts)
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return page


def overheard(page: Page) -> list[str]:
    """Fills with whatever the browser complains about."""
    heard: list[str] = []
    page.on(
        "console", lambda message: heard.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("requestfailed", lambda request: heard.append(f"failed: {request.url}"))
    return heard


def sign_in(page: Page, site: str, password: str) -> None:
    page.goto(site)
    page.get_by_label("Username").fill("sam")
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Tickets waiting")).to_be_visible()
