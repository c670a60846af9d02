"""The HTTP API: tokens, rate limits, other origins, REST framework and its schema."""

from __future__ import annotations

from functools import partial

from audit.identity.principal import Role
from supportsite import env, secrets
from supportsite.auth import claims, provider, public_key
from supportsite.settings.site import DEBUG, IS_PUBLIC, STATE_DIR
from supportsite.throttling import caches, rates
from supportsite.web import cors

# --- Tokens ---------------------------------------------------------------------------------------

JWT_PUBLIC_KEY = env.parsed("JWT_PUBLIC_KEY", "", public_key.read)
JWT_JWKS_URL = env.parsed("JWT_JWKS_URL", "", provider.address)
_has_public_keys = bool(JWT_PUBLIC_KEY or JWT_JWKS_URL)
# The secret that `make run` created is unused if another way to verify tokens is set.
JWT_SECRET = "" if _has_public_keys else secrets.read("JWT_SECRET", STATE_DIR)
if DEBUG and not _has_public_keys:
    JWT_SECRET = JWT_SECRET or "only-for-debugging-" + "j" * 40
elif not _has_public_keys:
    secrets.require("JWT_SECRET", JWT_SECRET)
JWT_ISSUER = env.text("JWT_ISSUER")
JWT_AUDIENCE = env.text("JWT_AUDIENCE")
JWT_ROLE_CLAIM = env.text("JWT_ROLE_CLAIM")
JWT_ROLE_MAP = env.parsed("JWT_ROLE_MAP", "", partial(claims.parse_map, allowed=list(Role)))
# Seconds that the provider's keys are valid while it does not answer.
JWT_JWKS_MAX_AGE = 86_400
env.at_most_one("JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL")
if JWT_JWKS_URL:
    env.requires("JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE")

# --- Limits and other origins ---------------------------------------------------------------------

# No throttling on a local site.
_default_rates = "customer=60/min support=600/min curator=600/min publisher=600/min auditor=600/min"
THROTTLE_ROLES = env.parsed(
    "THROTTLE_ROLES",
    _default_rates if IS_PUBLIC else "off",
    partial(rates.parse_by_role, allowed=list(Role)),
)
# All limited callers of one address together.
THROTTLE_ADDRESS = rates.parse("600/min" if IS_PUBLIC else "off")
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

# --- REST framework and the schema ----------------------------------------------------------------

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
