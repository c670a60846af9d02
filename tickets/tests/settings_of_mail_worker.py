"""The site's settings, with the mailbox read, and waiting mails received, each second."""

from supportsite.settings import *  # noqa: F403

MAILBOX_CRON = WAITING_MAIL_CRON = "* * * * * *"
