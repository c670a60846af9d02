"""The site's settings, with the mailbox read each second."""

from supportsite.settings import *  # noqa: F403

MAILBOX_CRON = "* * * * * *"
