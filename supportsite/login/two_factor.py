"""The second factor of local sign-ins: a code from an app (TOTP, RFC 6238), or a recovery code.

Optional for each person, or with SECOND_FACTOR=required for everybody who signs in with a password.
Sign-ins through an identity provider need none here: the provider has its own.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django_otp import devices_for_user
from django_otp.middleware import OTPMiddleware
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.forms import AuthenticationForm
from unfold.widgets import BASE_INPUT_CLASSES

from audit.models import record
from supportsite.web.problems import is_admin

TOTP_DIGITS = 6
"""A recovery code has eight letters and digits."""

OIDC_BACKEND = "supportsite.login.oidc.Backend"

REQUIRED = "required"


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """Name, password, and a code if the user has set up a second factor."""

    code = forms.CharField(
        label="Code, if you have set one up",
        max_length=16,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "class": " ".join(BASE_INPUT_CLASSES)}
        ),
    )

    provider = property(lambda self: settings.OIDC_ISSUER)
    """Set if the page offers a sign-in through an identity provider."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        user = self.get_user()
        if user is not None and is_set_up(user):
            user.otp_device = self._device(user, cleaned.get("code", ""))
        return cleaned

    def _device(self, user: User, code: str) -> Any:
        if not code:
            raise forms.ValidationError("Enter the code from your app, or a recovery code.")
        device = verify_code(user, code)
        if device is None:
            credentials = {"username": user.get_username()}
            user_login_failed.send(__name__, credentials=credentials, request=self.request)
            raise forms.ValidationError(
                "The code is wrong or was used before. Wait for the next code and enter that."
            )
        return device


def is_set_up(user: User) -> bool:
    return any(devices_for_user(user))


def verify_code(user: User, code: str) -> Any:
    """The device of this code; None if it is wrong, expired or used before.

    A code is checked only against devices of its kind, since failures slow a device down.
    """
    kind = TOTPDevice if len(code) == TOTP_DIGITS else StaticDevice
    with transaction.atomic():
        for device in kind.objects.devices_for_user(user, confirmed=True).select_for_update():
            if device.verify_token(code.lower()):
                return device
    return None


class SecondFactorMiddleware(OTPMiddleware):  # type: ignore[misc]
    """Redirect signed-in users to the second-factor page while a required code is missing."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_admin(request):
            unchecked: HttpResponseBase = self.get_response(request)
            return unchecked
        self._install_lazy_accessors(request)
        if _is_missing(request):
            return HttpResponseRedirect(reverse("second-factor"))
        response: HttpResponseBase = self.get_response(request)
        return response


def _is_missing(request: HttpRequest) -> bool:
    user: Any = request.user
    if settings.SECOND_FACTOR != REQUIRED or not user.is_authenticated or user.is_verified():
        return False
    if request.session.get(BACKEND_SESSION_KEY) == OIDC_BACKEND:
        return False
    open_to_all = {reverse("second-factor"), reverse("admin:logout"), reverse("admin:login")}
    return request.path not in open_to_all


@transaction.atomic
def turn_off(user: User, *, actor: str) -> int:
    """Delete the user's devices and codes; returns their number."""
    devices = list(devices_for_user(user, confirmed=None))
    for device in devices:
        device.delete()
    record("user.second_factor_turned_off", actor=actor, subject=user.get_username())
    return len(devices)
