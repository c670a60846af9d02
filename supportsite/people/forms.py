"""The form that invites a colleague."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.db.models import Q
from unfold.forms import UserChangeForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from supportsite.login import usernames
from supportsite.people import roles


class RoleWidget(UnfoldAdminCheckboxSelectMultipleWidget):  # type: ignore[misc]
    """Check boxes with whole sentences: Unfold's cuts them off."""

    option_template_name = "supportsite/role_option.html"


class RoleField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Groups as check boxes, each with what it may do."""

    widget = RoleWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(roles.in_order(Group.objects.all()), label="Roles", **kwargs)

    def label_from_instance(self, group: Any) -> str:
        return roles.label(group)


def administrator_field() -> forms.BooleanField:
    return forms.BooleanField(
        label="Administrator",
        help_text=roles.ADMINISTRATOR.capitalize() + ".",
        required=False,
        widget=UnfoldBooleanWidget(),
    )


class PersonForm(UserChangeForm):  # type: ignore[misc]
    """An account; rights come from roles only, so that they can be reviewed."""

    groups = RoleField(required=False)
    is_superuser = administrator_field()


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, address and roles of a new colleague, who sets the password."""

    name = forms.CharField(
        max_length=150,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label="E-mail", widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"})
    )
    groups = RoleField(required=False)
    is_superuser = administrator_field()

    class Meta:
        model = User
        fields = ("email", "groups", "is_superuser")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        existing = User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email)).first()
        if existing:
            raise forms.ValidationError(f"{existing.get_username()} has this address already.")
        return email

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("groups") and not cleaned.get("is_superuser"):
            self.add_error("groups", "Choose at least one role.")
        return cleaned

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit=False)
        name = " ".join(self.cleaned_data["name"].split())
        user.first_name, _, user.last_name = name.partition(" ")
        user.username = usernames.unused(usernames.from_full_name(name))
        user.set_unusable_password()
        if commit:
            user.save()
            self.save_m2m()
        return user
