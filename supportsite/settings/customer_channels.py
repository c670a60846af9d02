"""Where customers ask: the help page, its widget, chat, and programs of your own."""

from __future__ import annotations

from supportsite import env
from supportsite.settings.site import IS_PUBLIC
from supportsite.throttling import rates
from tickets.delivery import links

# --- The help page and the widget -----------------------------------------------------------------

HELP_PAGE = env.flag("HELP_PAGE", default=not IS_PUBLIC)
# What one visitor may send, and the new visitors of one address.
HELP_THROTTLE = rates.parse("60/min")
HELP_THROTTLE_CLASS = "supportsite.throttling.throttles.VisitorThrottle"
HELP_AUTHENTICATION_CLASSES = [
    "supportsite.auth.authentication.BearerAuthentication",
    "assistant.help.visitor.VisitorAuthentication",
]

# --- Chat and programs ----------------------------------------------------------------------------

# What one person may send by a channel.
CHANNEL_THROTTLE = rates.parse("30/min")
CHANNEL_THROTTLE_CLASS = "supportsite.throttling.throttles.ChannelThrottle"
# Other servers than the public ones, such as your own Bot API server.
SLACK_API_URL = env.parsed("SLACK_API_URL", "https://slack.com/api", links.site)
TELEGRAM_API_URL = env.parsed("TELEGRAM_API_URL", "https://api.telegram.org", links.site)
