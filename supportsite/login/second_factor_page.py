"""The page on which people set up, confirm, renew or turn off their own second factor."""

from __future__ import annotations

from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django_otp import login
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.models import record
from supportsite.login.two_factor import OIDC_BACKEND, REQUIRED, is_set_up, turn_off, verify_code

RECOVERY_CODES = 10


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
