"""Forms of the inbox: reply, assign, merge."""

from __future__ import annotations

from typing import Any

from django import forms

from audit.privacy.gateway import Channel
from tickets.attachment_files import ACCEPT, InvalidFile, NewFile, check_together
from tickets.forms import confirm_personal_data, refuse_personal_data
from tickets.inbox.thread import colleagues
from tickets.models import Ticket
from tickets.ticket_fields import LONGEST_TEXT

SEND_BUTTONS = ("send", "send_resolve", "note")
"""The buttons that need a text; the others save it as a draft."""


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, as ``NewFile``."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[NewFile]:
        try:
            files = [NewFile.checked(upload.name, upload.read()) for upload in data or ()]
            check_together(files)
        except InvalidFile as problem:
            raise forms.ValidationError(str(problem)) from problem
        return files


class ReplyForm(forms.Form):
    """The box at the end of the conversation, with all its buttons."""

    reply = forms.CharField(
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea({"rows": 4, "dir": "auto", "aria-describedby": "reply-errors"}),
    )

    attachments = FilesField(
        required=False,
        widget=FilesInput({"accept": ACCEPT, "multiple": True, "aria-label": "Attach files"}),
    )

    @property
    def is_sent(self) -> bool:
        return any(button in self.data for button in SEND_BUTTONS)

    def clean(self) -> None:
        super().clean()
        reply = self.cleaned_data.get("reply") or ""
        if not self.is_sent or self.errors:
            return
        if not reply and not self.cleaned_data["attachments"]:
            self.add_error("reply", "Write a text first.")
        elif "note" in self.data:
            refuse_personal_data(self, Channel.COMMENTS, "reply")
        else:
            confirm_personal_data(self, reply)


class AssignForm(forms.Form):
    assignee = forms.ChoiceField(label="Assigned to")

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, name) for name in colleagues()]
        if ticket.assignee not in dict(choices):
            choices.insert(0, (ticket.assignee, ticket.assignee or "nobody"))
        self.fields["assignee"].choices = choices  # type: ignore[attr-defined]
        self.initial["assignee"] = ticket.assignee


class MergeForm(forms.Form):
    number = forms.IntegerField(
        min_value=1, max_value=2**63 - 1, label="Number of the other ticket"
    )
