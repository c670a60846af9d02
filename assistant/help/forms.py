"""The forms for a person: a new ticket, and a message on one."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from tickets.ticket_fields import MAX_TEXT_LENGTH

MAX_NAME_LENGTH = 100


# Django has these texts in fewer languages than the help page.
ERRORS = {
    "required": _("Write something here."),
    "max_length": _("This is too long."),
    "invalid": _("Write an address such as name@example.com."),
    "null_characters_not_allowed": _("This has characters that cannot be kept."),
}


class ContactForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=MAX_NAME_LENGTH,
        required=False,
        error_messages=ERRORS,
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("We write to it when we have an answer."),
        max_length=254,
        error_messages=ERRORS,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    message = forms.CharField(
        label=_("Your message"),
        max_length=MAX_TEXT_LENGTH - MAX_NAME_LENGTH - 2,
        error_messages=ERRORS,
        widget=forms.Textarea({"rows": 5, "dir": "auto"}),
    )
    ask_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    key = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid.uuid4)

    @property
    def signed_message(self) -> str:
        """The message with the name below it: a ticket has no field for a name."""
        name, message = self.cleaned_data["name"], self.cleaned_data["message"]
        return f"{message}\n\n{name}" if name else str(message)


class MessageForm(forms.Form):
    text = forms.CharField(
        label=_("Your message"),
        max_length=MAX_TEXT_LENGTH,
        error_messages=ERRORS,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )
