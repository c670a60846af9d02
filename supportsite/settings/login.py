"""How people sign in to the desk: passwords, lockout, second factor, single sign-on."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from supportsite import env
from supportsite.auth import claims, provider

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
