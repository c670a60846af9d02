"""Forms of the inbox: reply, assign, merge."""

from __future__ import annotations

from typing import Any

from django import forms

from audit.privacy.gateway import Channel
from tickets.attachment_files import ACCEPT, InvalidFile, NewFile, check_together
from tickets.forms import confirm_personal_data, refuse_personal_data
from tickets.inbox.queries import MAX_TICKET_NUMBER
from tickets.inbox.thread import possible_assignees
from tickets.models import Ticket
from tickets.ticket_fields import MAX_TEXT_LENGTH

COMMENT_BUTTONS = ("send", "send_resolve", "note")
"""The buttons that need a text or a file; the others save the text as a draft."""


class FilesInput(forms.ClearableFileInput):
    """A file input for several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; cleans to a list of ``NewFile``."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[NewFile]:
        try:
            files = [NewFile.checked(upload.name, upload.read()) for upload in data or ()]
            check_together(files)
        except InvalidFile as error:
            raise forms.ValidationError(str(error)) from error
        return files


class ReplyForm(forms.Form):
    """The box at the end of the conversation, with all its buttons."""

    reply = forms.CharField(
        max_length=MAX_TEXT_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 4, "dir": "auto", "aria-describedby": "reply-errors"}),
    )

    attachments = FilesField(
        required=False,
        widget=FilesInput({"accept": ACCEPT, "multiple": True, "aria-label": "Attach files"}),
    )

    @property
    def adds_comment(self) -> bool:
        """Whether the button sends a reply or adds a note."""
        return any(button in self.data for button in COMMENT_BUTTONS)

    def clean(self) -> None:
        super().clean()
        reply = self.cleaned_data.get("reply") or ""
        if not self.adds_comment or self.errors:
            return
        if not reply and not self.cleaned_data["attachments"]:
            self.add_error("reply", "Write a text or attach a file first.")
        elif "note" in self.data:
            refuse_personal_data(self, Channel.COMMENTS, "reply")
        else:
            confirm_personal_data(self, reply)


class AssignForm(forms.Form):
    """Choose the assignee; the present one stays in the list, also if they have left."""

    assignee = forms.ChoiceField(label="Assigned to")

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, name) for name in possible_assignees()]
        if ticket.assignee not in dict(choices):
            choices.insert(0, (ticket.assignee, ticket.assignee or "nobody"))
        self.fields["assignee"].choices = choices  # type: ignore[attr-defined]
        self.initial["assignee"] = ticket.assignee


class MergeForm(forms.Form):
    """Name the ticket that the conversation moves to."""

    number = forms.IntegerField(
        min_value=1, max_value=MAX_TICKET_NUMBER, label="Number of the other ticket"
    )
