"""Tickets, and the mails and webhooks that go out and come in."""

from __future__ import annotations

from functools import partial

from supportsite import email_url, env
from supportsite.settings.site import ALLOWED_HOSTS, HTTPS, PORT, STATE_DIR
from tickets.delivery import links, networks
from tickets.inbound import mailbox_url

TICKETS_CSV = env.text("TICKETS_CSV")
# Seconds to wait after each failed delivery; after the last it is a dead letter.
DELIVERY_RETRY_DELAYS = (10, 60, 300, 1_800, 7_200, 21_600, 86_400)
WEBHOOK_NETWORKS = env.parsed("WEBHOOK_NETWORKS", "", networks.networks)
SUPPORT_EMAIL = env.text("SUPPORT_EMAIL")
# Links in mails: to the desk's pages, and to the customer's page of your own site.
SITE_URL = env.parsed(
    "SITE_URL",
    f"https://{ALLOWED_HOSTS[0].removeprefix('.')}" if HTTPS else f"http://127.0.0.1:{PORT}",
    links.site,
)
TICKET_URL = env.parsed("TICKET_URL", "", links.ticket)
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "support@localhost")
globals().update(
    env.parsed("EMAIL_URL", "", partial(email_url.settings, fallback=STATE_DIR / "mail"))
)

# --- Inbound mail ---------------------------------------------------------------------------------

# The mailbox that the worker reads, and how often: the sixth field is seconds.
MAILBOX = env.parsed("MAILBOX_URL", "", mailbox_url.parse)
MAILBOX_CRON = "* * * * * */15"
# Mails that were stored and not received, since a worker was killed or failed.
WAITING_MAIL_CRON = "* * * * *"
# The name that our own mail server has in Authentication-Results.
MAIL_AUTHSERV_ID = env.text("MAIL_AUTHSERV_ID")
# The mailbox's address, if it takes mails to name+anything@domain.
MAIL_REPLY_TO = env.parsed("MAIL_REPLY_TO", "", mailbox_url.reply_address)
# A mail provider that posts mails to /channels/mail/inbound, with user:password, or signed.
MAIL_WEBHOOK = env.parsed(
    "MAIL_WEBHOOK", "", env.one_of("", "mailgun", "mailjet", "postmark", "sendgrid", "sparkpost")
)
ANYMAIL = {
    "WEBHOOK_SECRET": env.text("MAIL_WEBHOOK_SECRET"),
    "MAILGUN_WEBHOOK_SIGNING_KEY": env.text("MAIL_WEBHOOK_KEY"),
}
env.requires("MAIL_WEBHOOK", "MAIL_WEBHOOK_SECRET")
if MAIL_WEBHOOK == "mailgun":
    env.requires("MAIL_WEBHOOK", "MAIL_WEBHOOK_KEY")
# Answer by mail what an FAQ answers, in place of opening a ticket.
MAIL_ANSWERS = env.flag("MAIL_ANSWERS", default=False)
