"""The site's settings, with deliveries retried at once."""

from supportsite.settings import *  # noqa: F403

DELIVERY_RETRY_DELAYS = (0, 0, 0)
