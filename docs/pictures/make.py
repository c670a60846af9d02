"""Make the screenshots of the documentation on a site of their own: python -m docs.pictures.make.

Needs the development requirements and Chromium. The two .svg files are drawn by hand.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from supportsite.tests.browser import new_page
from supportsite.tests.served import Site
from supportsite.tests.shop import shop

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 1360, 760
MAX_BYTES = 150_000

PENGUINS = "Do you sell live penguins?"
QUESTION = "how do i return a parcel and get my money back"
TICKETS = [
    (PENGUINS, "low"),
    ("My lamp arrived broken. Call me on +44 20 7946 0958.", "high"),
    ("Can I pick up my order in the shop?", "normal"),
    ("You charged my card twice!", "urgent"),
]
REPLY = "I am sorry about that. A new lamp is on its way to you; keep the broken one."
COLLEAGUES = {"Ann Lee": "Support:", "Kim Roe": "Curator:", "Pat Poe": "Publisher:"}
DRAFTS = [
    (
        "POST",
        "/faqs",
        {
            "faq_id": "pick-up",
            "question": "Can I pick up my order in the shop?",
            "answer": "Yes. Choose Pick up when you pay. We write to you when it is ready.",
            "category": "delivery",
            "alternates": ["Can I collect my order myself?", "Do you have click and collect?"],
        },
    ),
    (
        "PATCH",
        "/faqs/order-limit",
        {"answer": "No. You can order a single item. Only invoice payment needs 25 euros."},
    ),
]


def main() -> None:
    # Postgres runs as another user under root, who must be able to enter the folder.
    folder = Path(tempfile.mkdtemp(prefix="pictures-"))
    folder.chmod(0o755)
    site = Site(folder / "site", SITE_NAME="Example shop", PHONE_REGION="GB")
    try:
        site.start()
        add_content(site)
        with sync_playwright() as playwright:
            page = new_page(playwright)
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            take_screenshots(page, site)
    finally:
        site.end()
        shutil.rmtree(folder)


def add_content(site: Site) -> None:
    """Four tickets, one of them claimed, and two drafts that wait for a release."""
    curator = token(site, "kim", "curator")
    for number, (message, priority) in enumerate(TICKETS, start=1):
        customer = token(site, f"u{number}", "customer")
        question = {"message": message}
        _, reply = site.send("POST", "/ask", question, token=customer)
        ticket = {**question, "priority": priority, "ask_id": reply["ask_id"]}
        send(site, "POST", "/tickets", ticket, customer)
    for method, path, fields in DRAFTS:
        send(site, method, path, fields, curator)


def take_screenshots(page: Page, site: Site) -> None:
    password = re.search(r"login: admin / (\S+)", site.output)
    assert password
    page.goto(f"{site.address}/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(password[1])
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Tickets waiting").wait_for()
    save(page, "desk")
    work_on_tickets(page, site)
    invite_colleagues(page, site)
    page.goto(f"{site.address}/admin/faq/release/review/")
    save(page, "review")
    page.goto(f"{site.address}/admin/ask/")
    page.get_by_label("Question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    save(page, "ask")
    show_outcomes(page, site)
    show_help(page, site)


def show_outcomes(page: Page, site: Site) -> None:
    site.manage("shell", "-c", "from docs.pictures import outcomes; outcomes.write()")
    page.goto(f"{site.address}/admin/outcomes/")
    save(page, "outcomes")


def work_on_tickets(page: Page, site: Site) -> None:
    """The inbox as it opens, and a ticket with a reply that is being written."""
    inbox = f"{site.address}/admin/tickets/inbox/"
    page.goto(f"{inbox}1/")
    page.get_by_role("button", name="Claim").click()
    page.goto(f"{inbox}?queue=all")
    save(page, "inbox")
    page.goto(f"{inbox}2/?queue=all")
    page.get_by_label("Reply", exact=True).fill(REPLY)
    save(page, "ticket")


def invite_colleagues(page: Page, site: Site) -> None:
    for name, role in COLLEAGUES.items():
        page.goto(f"{site.address}/admin/auth/user/add/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("E-mail").fill(f"{name.partition(' ')[0].lower()}@shop.example")
        page.get_by_label(role).check()
        page.get_by_role("button", name="Send invitation").click()
    page.goto(f"{site.address}/admin/auth/user/")
    save(page, "people")


def show_help(page: Page, site: Site) -> None:
    """The help page as a visitor sees it, and the widget on a shop's page."""
    page.goto(f"{site.address}/help/")
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="How do I return an item?").click()
    page.get_by_text("Did this help?").wait_for()
    save(page, "help")
    with shop(site.address) as origin:
        page.goto(f"{site.address}/admin/assistant/helpsite/add/")
        page.get_by_label("Key").fill("shop")
        page.get_by_label("Origins").fill(origin)
        page.get_by_role("button", name="Save", exact=True).click()
        page.goto(origin)
        page.get_by_role("button", name="Help").click()
        frame = page.frame_locator("iframe")
        frame.get_by_label("Your question").fill(QUESTION)
        frame.get_by_role("button", name="Send").click()
        frame.get_by_role("button", name="None of these").wait_for()
        save(page, "widget")


def token(site: Site, name: str, role: str) -> str:
    return site.manage("token", name, "--role", role).text.strip()


def send(site: Site, method: str, path: str, fields: object, bearer: str) -> None:
    status, reply = site.send(method, path, fields, token=bearer)
    assert status in {200, 201}, reply


def save(page: Page, name: str) -> None:
    path = FOLDER / f"{name}.png"
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)
    size = path.stat().st_size
    assert size < MAX_BYTES, f"{path} has {size} bytes"


if __name__ == "__main__":
    main()
