"""Where the site keeps its state, who can reach it, and how it trusts its proxy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from supportsite import env, env_file, secrets
from supportsite.edge import certificate_subjects

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env_file.load()

STATE_DIR = env.path("STATE_DIR", BASE_DIR / "var")
DEBUG = env.flag("DEBUG", default=False)
PORT = env.integer("PORT", 8000, minimum=1, maximum=65535)

SITE_NAME = env.text("SITE_NAME", "supportsite")

SECRET_KEY = secrets.read("SECRET_KEY", STATE_DIR)
if DEBUG:
    SECRET_KEY = SECRET_KEY or "only-for-debugging-" + "k" * 40
else:
    secrets.require("SECRET_KEY", SECRET_KEY)

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
NUM_PROXIES = env.integer("NUM_PROXIES", 1, minimum=1, maximum=9)
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
