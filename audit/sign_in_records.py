"""Record sign-ins to the admin, failed sign-ins and sign-outs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from audit.models import record


def connect() -> None:
    user_logged_in.connect(_signed_in)
    user_logged_out.connect(_signed_out)
    user_login_failed.connect(_sign_in_refused)


def _signed_in(sender: Any, user: Any, **_: Any) -> None:
    record("user.signed_in", actor=user.get_username())


def _signed_out(sender: Any, user: Any, **_: Any) -> None:
    if user is not None:
        record("user.signed_out", actor=user.get_username())


def _sign_in_refused(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    # Sign-ins through an identity provider are refused and recorded in ``login.oidc``.
    if "username" not in credentials:
        return
    record("user.sign_in_refused", actor=str(credentials.get("username", ""))[:200])
