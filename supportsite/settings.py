"""Every setting of the site. Switches and secrets come from the environment; see docs/settings.md.

Nothing set means: an embedded Postgres and a Chroma server of its own under STATE_DIR, the bundled
model, no agent, this machine only.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

from assistant.agent import limits, price
from audit.identity.principal import Role
from audit.privacy import channels, phones
from supportsite import email_url, env, env_file, secrets
from supportsite.auth import claims, jwks, provider, public_key
from supportsite.edge import certificate_subjects
from supportsite.throttling import caches, rates
from supportsite.web import cors
from tickets.delivery import links, networks
from tickets.inbound import mailbox_url

BASE_DIR = Path(__file__).resolve().parent.parent
env_file.load()

# --- State and secrets ----------------------------------------------------------------------------

STATE_DIR = env.path("STATE_DIR", BASE_DIR / "var")
DEBUG = env.flag("DEBUG", default=False)
PORT = env.integer("PORT", 8000, least=1, most=65535)

SITE_NAME = env.text("SITE_NAME", "supportsite")

SECRET_KEY = secrets.read("SECRET_KEY", STATE_DIR)
JWT_PUBLIC_KEY = env.parsed("JWT_PUBLIC_KEY", "", public_key.read)
JWT_JWKS_URL = env.parsed("JWT_JWKS_URL", "", provider.address)
# The secret that `make run` created is unused if another way to verify tokens is set.
JWT_SECRET = "" if JWT_PUBLIC_KEY or JWT_JWKS_URL else secrets.read("JWT_SECRET", STATE_DIR)
if DEBUG:
    SECRET_KEY = SECRET_KEY or "only-for-debugging-" + "k" * 40
    if not (JWT_PUBLIC_KEY or JWT_JWKS_URL):
        JWT_SECRET = JWT_SECRET or "only-for-debugging-" + "j" * 40
else:
    secrets.require("SECRET_KEY", SECRET_KEY)
    if not (JWT_PUBLIC_KEY or JWT_JWKS_URL):
        secrets.require("JWT_SECRET", JWT_SECRET)

# --- Access ---------------------------------------------------------------------------------------

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.comma_separated("ALLOWED_HOSTS", LOOPBACK)
# A public site uses HTTPS unless set otherwise.
HTTPS = env.flag("HTTPS", default=not DEBUG and not set(ALLOWED_HOSTS) <= set(LOOPBACK))
# True if other machines can reach the site: production_checks.py then refuses unsafe settings.
IS_PUBLIC = HTTPS or not set(ALLOWED_HOSTS) <= set(LOOPBACK)
BIND = env.text("BIND", f"127.0.0.1:{PORT}")
ENFORCE_MTLS = env.flag("ENFORCE_MTLS", default=False)
# Several during a rotation: NGINX sends one of them.
PROXY_SECRETS = secrets.read("PROXY_SECRET", STATE_DIR).split()
for _secret in PROXY_SECRETS:
    secrets.require("PROXY_SECRET", _secret)
NUM_PROXIES = env.integer("NUM_PROXIES", 1, least=1, most=9)
MTLS_SUBJECTS = env.parsed("MTLS_SUBJECTS", "", certificate_subjects.principals)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# Probes and Prometheus use plain HTTP inside the network.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
CSRF_TRUSTED_ORIGINS = [
    f"https://{host.removeprefix('.')}" for host in ALLOWED_HOSTS if HTTPS and host != "*"
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
X_FRAME_OPTIONS = "DENY"

# --- Apps and middleware --------------------------------------------------------------------------

INSTALLED_APPS = [
    # The queue, before the apps with its tasks.
    "procrastinate.contrib.django",
    "audit",
    "faq",
    "tickets",
    "assistant",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "rest_framework",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prometheus",
    # Last: it changes the admin of the apps before.
    "supportsite",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "supportsite.web.middleware.RequestIdMiddleware",
    "supportsite.web.middleware.RateLimitMiddleware",
    "supportsite.web.security_headers.PagePolicyMiddleware",
    "supportsite.monitoring.tracing_middleware.TracingMiddleware",
    # Before all that may refuse, so that a page can read why.
    "corsheaders.middleware.CorsMiddleware",
    "supportsite.web.middleware.ProblemMiddleware",
    "supportsite.web.middleware.WellFormedMiddleware",
    "audit.middleware.AuditMiddleware",
    "supportsite.web.middleware.RefusalThrottleMiddleware",
    "supportsite.web.middleware.ClientCertificateMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "supportsite.web.admin_only_middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "supportsite.web.admin_only_middleware.SignedIn",
    "supportsite.web.admin_only_middleware.Messages",
    "supportsite.login.two_factor.SecondFactorMiddleware",
    "supportsite.web.admin_only_middleware.LockOut",
    "supportsite.web.time_zone_middleware.TimeZoneMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "supportsite.urls"
WSGI_APPLICATION = "supportsite.wsgi.application"
CSRF_FAILURE_VIEW = "supportsite.web.error_views.csrf_failure"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # First, to override some of Unfold's templates.
        "DIRS": [BASE_DIR / "supportsite" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTHENTICATION_BACKENDS = [
    # First: no password check during a lockout.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "supportsite.login.oidc.Backend",
]
AXES_HANDLER = "supportsite.login.lockout.Handler"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "supportsite.login.lockout.address"
AXES_USERNAME_CALLABLE = "supportsite.login.lockout.name"
AXES_WHITELIST_CALLABLE = "supportsite.login.lockout.has_no_password"
AXES_LOCKOUT_CALLABLE = "supportsite.login.lockout.page"
# The audit trail records sign-ins, and can erase a person.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# It does not recognise our subclass of its middleware.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "code", "next"]

SECOND_FACTOR = env.parsed("SECOND_FACTOR", "optional", env.one_of("optional", "required"))
OTP_TOTP_ISSUER = "supportsite"

OIDC_ISSUER = env.parsed("OIDC_ISSUER", "", provider.address)
OIDC_RP_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_RP_SCOPES = env.text("OIDC_SCOPES", "openid email profile")
OIDC_USE_PKCE = True
OIDC_AUTHENTICATION_CALLBACK_URL = "oidc-callback"
env.requires("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
# Created by supportsite/migrations/0001_roles.py.
DESK_GROUPS = ("curator", "publisher", "support", "auditor")
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM", "groups")
OIDC_GROUP_MAP = env.parsed("OIDC_GROUP_MAP", "", partial(claims.parse_map, allowed=DESK_GROUPS))

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
# The help page follows the visitor; the desk and the API are English.
USE_I18N = True
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ur", "اردو")]
USE_TZ = True
FORMAT_MODULE_PATH = "supportsite.formats"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Postgres -------------------------------------------------------------------------------------

_connection: dict[str, Any] = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
DATABASE_URL = env.text("DATABASE_URL")
if DATABASE_URL:
    _engine = "supportsite.postgres"
    DATABASES = {"default": {**dj_database_url.parse(DATABASE_URL, engine=_engine), **_connection}}
    # A connection that the network forgot is noticed within half a minute.
    _network = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4}
    _network |= {"connect_timeout": 5, "tcp_user_timeout": 30_000}
    DATABASES["default"]["OPTIONS"] = _network | DATABASES["default"].get("OPTIONS", {})
else:
    DATABASES = {
        "default": {
            "ENGINE": "supportsite.embedded_postgres",
            "NAME": "supportsite",
            "EMBEDDED": {"STATE_DIR": STATE_DIR},
            **_connection,
        }
    }

# --- The knowledge base and the assistant ---------------------------------------------------------

FAQ_CSV = env.path("FAQ_CSV", BASE_DIR / "data" / "faq.csv")
# Private networks that pages of FAQs and help centres may be read from.
SOURCE_NETWORKS = env.parsed("SOURCE_NETWORKS", "", networks.networks)
FAQ_COLLECTION_NAME = env.text("FAQ_COLLECTION_NAME", "faq_collection")
# Releases whose Chroma collections stay, for a quick rollback.
KEEP_COLLECTIONS = 10
FAQ_CONFIDENCE_THRESHOLD = env.fraction("FAQ_CONFIDENCE_THRESHOLD", 0.7)
FAQ_POLICY = env.text("FAQ_POLICY", "release")
LOCAL_EMB_MODEL = env.text("LOCAL_EMB_MODEL", "all-MiniLM-L6-v2")
EMBEDDING_BACKEND = env.parsed(
    "EMBEDDING_BACKEND", "auto", env.one_of("auto", "onnx-int8", "onnx", "reference")
)
CONVERTED_MODELS = env.path("CONVERTED_MODELS", STATE_DIR / "models")
EMBEDDINGS_URL = env.text("EMBEDDINGS_URL")
EMBEDDINGS_MODEL = env.text("EMBEDDINGS_MODEL")
EMBEDDINGS_API_KEY = env.text("EMBEDDINGS_API_KEY")
env.requires("EMBEDDINGS_URL", "EMBEDDINGS_MODEL")
CHROMA_URL = env.text("CHROMA_URL")
CHROMA_PATH = env.path("CHROMA_PATH", STATE_DIR / "chroma")

# --- The agent: off unless AGENT_MODEL is set -----------------------------------------------------

AGENT_MODEL = env.text("AGENT_MODEL")
AGENT_BASE_URL = env.text("AGENT_BASE_URL")
AGENT_API_KEY = env.text("AGENT_API_KEY")
AGENT_ANSWER_MODE = env.text("AGENT_ANSWER_MODE", "grounded")
WEB_THREADS = env.integer("WEB_THREADS", 4, least=1, most=256)
# Unless stated otherwise half of a process's threads are left to the FAQs, however slow a model is.
AGENT_LIMITS = env.parsed(
    "AGENT_LIMITS", "", partial(limits.parse, runs_at_once=max(WEB_THREADS // 2, 1))
)
AGENT_PRICE = env.parsed("AGENT_PRICE", "", price.parse)
# Turns of a conversation in the prompt.
CONVERSATION_TURNS = 6
CONVERSATION_DAYS = env.integer("CONVERSATION_DAYS", 30, least=0, most=3_650)

# --- Suggestions ----------------------------------------------------------------------------------

# A phrasing is suggested once so many people, or so many asks of two people, stand for it.
SUGGESTION_PEOPLE = env.integer("SUGGESTION_PEOPLE", 3, least=2, most=1_000)
SUGGESTION_ASKS = env.integer("SUGGESTION_ASKS", 5, least=2, most=1_000)

# --- The help page and the widget -----------------------------------------------------------------

HELP_PAGE = env.flag("HELP_PAGE", default=not IS_PUBLIC)
# What one visitor may send, and the new visitors of one address.
HELP_THROTTLE = env.parsed("HELP_THROTTLE", "60/min", rates.parse)
HELP_THROTTLE_CLASS = "supportsite.throttling.throttles.VisitorThrottle"
HELP_AUTHENTICATION_CLASSES = [
    "supportsite.auth.authentication.BearerAuthentication",
    "assistant.help.visitor.VisitorAuthentication",
]

# --- Channels: chat and programs of one's own -----------------------------------------------------

# What one person may send by a channel.
CHANNEL_THROTTLE = env.parsed("CHANNEL_THROTTLE", "30/min", rates.parse)
CHANNEL_THROTTLE_CLASS = "supportsite.throttling.throttles.ChannelThrottle"
# Other servers than the public ones, such as a Bot API server of one's own.
SLACK_API_URL = env.parsed("SLACK_API_URL", "https://slack.com/api", links.site)
TELEGRAM_API_URL = env.parsed("TELEGRAM_API_URL", "https://api.telegram.org", links.site)

# --- Tickets --------------------------------------------------------------------------------------

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
# The mailbox that the worker reads, and how often: the sixth field is seconds.
MAILBOX = env.parsed("MAILBOX_URL", "", mailbox_url.parse)
MAILBOX_CRON = "* * * * * */15"
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

# --- Audit ----------------------------------------------------------------------------------------

AUDIT_FILE = env.text("AUDIT_FILE")
AUDIT_ANCHOR_DIR = env.path("AUDIT_ANCHOR_DIR", STATE_DIR / "anchors")
# Without a key of their own, records are tied to SECRET_KEY, which then cannot be changed.
AUDIT_MAC_KEY = secrets.read("AUDIT_MAC_KEY", STATE_DIR) or SECRET_KEY
AUDIT_SIGNING_KEY = secrets.read("AUDIT_SIGNING_KEY", STATE_DIR)
PHONE_REGION = env.parsed("PHONE_REGION", "", phones.region)
# Masks names and places, if set.
PRESIDIO_MODEL = env.text("PRESIDIO_MODEL")
# What is done with personal data, by channel; the audit trail is always redacted.
REDACTION = env.parsed("REDACTION", "", channels.parse)
# What audit_erase calls in each app; audit may import none of them.
AUDIT_ERASERS = ["tickets.erasure.erase", "assistant.erasure.erase", "faq.erasure.erase"]

# --- The API --------------------------------------------------------------------------------------

JWT_ISSUER = env.text("JWT_ISSUER")
JWT_AUDIENCE = env.text("JWT_AUDIENCE")
JWT_ROLE_CLAIM = env.text("JWT_ROLE_CLAIM")
JWT_ROLE_MAP = env.parsed("JWT_ROLE_MAP", "", partial(claims.parse_map, allowed=list(Role)))
JWT_ALGORITHMS = env.parsed("JWT_ALGORITHMS", "RS256,PS256,ES256,EdDSA", jwks.algorithms)
# Seconds that the provider's keys are valid while it does not answer.
JWT_JWKS_MAX_AGE = 86_400
env.at_most_one("JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL")
if JWT_PUBLIC_KEY and not public_key.supports_any(JWT_PUBLIC_KEY, JWT_ALGORITHMS):
    raise ImproperlyConfigured(
        "JWT_ALGORITHMS has no algorithm of JWT_PUBLIC_KEY's kind. Add one, such as RS256 or ES256."
    )
if JWT_JWKS_URL:
    env.requires("JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE")

# No throttling on a local site.
_default_rates = "customer=60/min support=600/min curator=600/min publisher=600/min auditor=600/min"
THROTTLE_ROLES = env.parsed(
    "THROTTLE_ROLES",
    _default_rates if IS_PUBLIC else "off",
    partial(rates.parse_by_role, allowed=list(Role)),
)
THROTTLE_ADDRESS = env.parsed("THROTTLE_ADDRESS", "600/min" if IS_PUBLIC else "off", rates.parse)
# Failed tokens of one address, until the reply is 429 instead of 401.
THROTTLE_FAILURES = rates.parse("60/min" if IS_PUBLIC else "off")
CACHES = env.parsed("CACHE_URL", "", caches.parse)

DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
FILE_UPLOAD_MAX_SIZE = 20 * 1024 * 1024

CORS_ALLOWED_ORIGINS = env.parsed("CORS_ORIGINS", "", cors.origins)
CORS_URLS_REGEX = cors.API_PATHS
CORS_ALLOW_HEADERS = cors.REQUEST_HEADERS
CORS_EXPOSE_HEADERS = cors.REPLY_HEADERS
# Tokens only: neither a session of the desk nor a client certificate.
CORS_ALLOW_CREDENTIALS = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "supportsite.auth.authentication.BearerAuthentication",
        "supportsite.edge.client_certificates.CertificateAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["supportsite.auth.permissions.HasRole"],
    "DEFAULT_THROTTLE_CLASSES": ["supportsite.throttling.throttles.CallerThrottle"],
    "DEFAULT_PARSER_CLASSES": ["supportsite.web.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "supportsite.web.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "URL_FORMAT_OVERRIDE": None,
    # OPTIONS fails on views without a JSON renderer, such as an export.
    "DEFAULT_METADATA_CLASS": None,
    # Otherwise the schema view copies any ?version= into a header, line breaks included.
    "ALLOWED_VERSIONS": ["2.1.0"],
}

SPECTACULAR_SETTINGS = {
    "TITLE": "supportsite",
    "DESCRIPTION": "Curated FAQs answer first; what they cannot answer goes to a person.",
    "VERSION": "2.1.0",
    # 3.0 cannot say that a reference may be null.
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/", "description": "This site"}],
    "SERVE_INCLUDE_SCHEMA": False,
    # A client certificate is asked for by NGINX, not by an operation.
    "AUTHENTICATION_WHITELIST": ["supportsite.auth.authentication.BearerAuthentication"],
    "SERVE_AUTHENTICATION": ["supportsite.auth.authentication.SessionOrBearer"],
    "SERVE_PERMISSIONS": ["supportsite.auth.permissions.DebugOrSignedIn"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["supportsite.web.openapi.describe_operations"],
}

# --- Static files and the admin -------------------------------------------------------------------

# Before those of apps: files that replace one of a package.
STATICFILES_DIRS = [BASE_DIR / "supportsite" / "vendored"]
STATIC_URL = "static/"
STATIC_ROOT = env.text("STATIC_ROOT") or None
# Nothing was collected, as with `make run`: files are served from the apps' own folders.
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

UNFOLD = {
    "SITE_TITLE": SITE_NAME,
    "SITE_HEADER": SITE_NAME,
    "SITE_SUBHEADER": "Curated answers first",
    "SITE_ICON": lambda request: static("supportsite/favicon.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("supportsite/favicon.svg"),
        }
    ],
    # No "view site" link: the desk is the site.
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"form": "supportsite.login.two_factor.SignInForm"},
    "ACCOUNT": {
        "navigation": [{"title": "Second factor", "link": reverse_lazy("second-factor")}],
    },
    "DASHBOARD_CALLBACK": "supportsite.first_page.first_page",
    "SIDEBAR": {"navigation": "supportsite.admin_site.navigation"},
    "STYLES": [
        lambda request: static("supportsite/colours.css"),
        lambda request: static("supportsite/desk.css"),
    ],
    "SCRIPTS": [
        lambda request: static("supportsite/expressions.js"),
        lambda request: static("supportsite/desk.js"),
    ],
    "GLOBAL_CALLBACK": "supportsite.admin_site.colours_of_a_file",
}
LOGIN_REDIRECT_URL = "admin:index"

# --- Logs and metrics -----------------------------------------------------------------------------

LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
_is_terminal = sys.stderr.isatty()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "supportsite.monitoring.json_logs.Formatter"},
        "console": {"()": "supportsite.monitoring.console_logs.Formatter"},
    },
    "filters": {"console": {"()": "supportsite.monitoring.console_logs.Filter"}},
    "handlers": {
        # Short lines for a person at a terminal, else JSON.
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "console" if _is_terminal else "json",
            "filters": ["console"] if _is_terminal else [],
        },
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        name: {"level": LOG_LEVEL}
        for name in ("supportsite", "assistant", "faq", "tickets", "audit")
    }
    # Every command may start and stop it; only its failures are news.
    | {"supportsite.embedded_postgres": {"level": "WARNING"}}
    # Our own line per request has the status and the route; a path may hold personal data.
    | {"django.request": {"level": "ERROR"}}
    # No line for every retry while the collector is down, only for lost spans.
    | {"opentelemetry": {"level": "ERROR"}},
}

OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")

PROMETHEUS_EXPORT_MIGRATIONS = False
PROMETHEUS_LATENCY_BUCKETS = (
    *(0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, float("inf")),
)

# Libraries read these at import: no telemetry, and one thread per pool, since pools of several
# libraries would compete for the cores.
os.environ["ANONYMIZED_TELEMETRY"] = "False"
os.environ["AGNO_TELEMETRY"] = "false"
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
