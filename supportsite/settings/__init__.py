"""Every setting of the site, by subject. Switches and secrets come from the environment.

Nothing set means: an embedded Postgres and a Chroma server of its own under STATE_DIR, the bundled
model, no agent, this machine only. docs/settings.md explains every variable.

api.py                 tokens, rate limits, other origins, REST framework and the schema
assistant.py           the knowledge base, the embedding models, the agent
audit.py               the audit trail and personal data
customer_channels.py   the help page, its widget, chat and programs
database.py            Postgres
desk.py                the theme of Django's admin
framework.py           apps, middleware, templates, languages, static files
login.py               how people sign in to the desk
monitoring.py          logs, metrics and traces
site.py                state, address, hosts, HTTPS, proxies; the other modules import from it
tickets.py             tickets, mails and webhooks
"""

from supportsite.settings.api import *
from supportsite.settings.assistant import *
from supportsite.settings.audit import *
from supportsite.settings.customer_channels import *
from supportsite.settings.database import *
from supportsite.settings.desk import *
from supportsite.settings.framework import *
from supportsite.settings.login import *
from supportsite.settings.monitoring import *
from supportsite.settings.site import *
from supportsite.settings.tickets import *
