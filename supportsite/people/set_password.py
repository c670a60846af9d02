"""The page of an invitation's link: Django's own view of a password reset, in the desk's style."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse_lazy
from unfold.widgets import UnfoldAdminPasswordWidget

from audit.models import record
from supportsite.models import Identity


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        for field in self.fields.values():
            field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


class SetPasswordView(PasswordResetConfirmView):
    template_name = "supportsite/set_password.html"
    form_class = PasswordForm
    # Not signed in at once: a second factor, if one is set up, is asked for at the sign-in.
    post_reset_login = False
    success_url = reverse_lazy("admin:login")
    title = "Set your password"

    def get_user(self, uidb64: str) -> User | None:
        """None, so that the link is invalid, for the inactive and for people of the provider."""
        user: User | None = super().get_user(uidb64)  # type: ignore[assignment]
        if user and user.is_active and not Identity.objects.filter(user=user).exists():
            return user
        return None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        name = form.user.get_username()
        record("user.password_set", actor=name, kind="user", key=form.user.pk)
        messages.success(self.request, f"Your password is set. Sign in as {name}.")
        return response
