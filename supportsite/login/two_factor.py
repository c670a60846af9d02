"""The second factor of local sign-ins: a code from an app (TOTP, RFC 6238), or a recovery code.

Optional for each person, or with SECOND_FACTOR=required for everybody who signs in with a password.
Sign-ins through an identity provider need none here: the provider has its own.
"""

from __future__ import annotations

from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django_otp import devices_for_user, login
from django_otp.middleware import OTPMiddleware
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.forms import AuthenticationForm
from unfold.widgets import BASE_INPUT_CLASSES

from audit.models import record
from supportsite.web.problems import is_admin

RECOVERY_CODES = 10

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


# --- The page where it is set up ------------------------------------------------------------------


class CodeForm(forms.Form):
    code = forms.CharField(max_length=16)


def page(request: HttpRequest) -> HttpResponse:
    """Set up, confirm, renew or turn off the user's own second factor."""
    user: Any = request.user
    context = {**admin.site.each_context(request), "title": "Second factor", "codes": []}
    action = request.POST.get("do", "") if request.method == "POST" else ""
    if user.is_verified() and action == "codes":
        context["codes"] = _new_codes(user)
    elif user.is_verified() and action == "off" and settings.SECOND_FACTOR != REQUIRED:
        turn_off(user, actor=user.get_username())
        return HttpResponseRedirect(reverse("second-factor"))
    elif not user.is_verified() and action == "confirm":
        confirmed = _confirm(request, user)
        if confirmed == "existing":
            return HttpResponseRedirect(reverse("admin:index"))
        if confirmed == "new":
            context["codes"] = _new_codes(user)
    if not user.is_verified() and not is_set_up(user):
        context |= _offer(user)
    context |= {
        "verified": user.is_verified(),
        "may_turn_off": settings.SECOND_FACTOR != REQUIRED,
        "elsewhere": request.session.get(BACKEND_SESSION_KEY) == OIDC_BACKEND,
    }
    return TemplateResponse(request, "supportsite/second_factor.html", context)


def _confirm(request: HttpRequest, user: User) -> str:
    """``existing`` for a confirmed device, ``new`` for a device set up now; empty if it failed."""
    form = CodeForm(request.POST)
    code = form.cleaned_data["code"].replace(" ", "") if form.is_valid() else ""
    if is_set_up(user):
        device, result = verify_code(user, code), "existing"
    else:
        device, result = _unconfirmed(user), "new"
        if not device.verify_token(code):
            device = None
    if device is None:
        messages.error(
            request, "The code is wrong or was used before. Wait for the next code and enter that."
        )
        return ""
    if result == "new":
        with transaction.atomic():
            device.confirmed = True
            device.save()
            record("user.second_factor_set_up", actor=user.get_username())
    login(request, device)
    return result


def _unconfirmed(user: User) -> Any:
    device, _ = TOTPDevice.objects.get_or_create(
        user=user, confirmed=False, defaults={"name": "app"}
    )
    return device


def _offer(user: User) -> dict[str, Any]:
    device = _unconfirmed(user)
    drawing = segno.make(device.config_url, error="m").svg_inline(scale=5, light="#fff")
    secret = device.config_url.partition("secret=")[2].partition("&")[0]
    # SVG by segno; it holds no text of the user.
    return {"drawing": SafeString(drawing), "secret": secret}


@transaction.atomic
def _new_codes(user: User) -> list[str]:
    """New one-time recovery codes; the old ones become invalid."""
    device, _ = StaticDevice.objects.get_or_create(user=user, defaults={"name": "recovery"})
    device.token_set.all().delete()
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    record("user.recovery_codes_made", actor=user.get_username())
    return codes


@transaction.atomic
def turn_off(user: User, *, actor: str) -> int:
    """Delete the user's devices and codes; returns their number."""
    devices = list(devices_for_user(user, confirmed=None))
    for device in devices:
        device.delete()
    record("user.second_factor_turned_off", actor=actor, subject=user.get_username())
    return len(devices)
