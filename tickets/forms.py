"""What may be typed at the desk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.crypto import salted_hmac
from django.utils.html import format_html, format_html_join
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from audit.identity.principal import SUBJECT
from audit.privacy.gateway import Channel, PersonalData, find_in, reject
from tickets import deflection
from tickets.faq_lookup import unpublished
from tickets.models import LONGEST_TAG, LONGEST_TEXT, MOST_TAGS, Ticket

_TAG = re.compile(rf"[\w.:-]{{1,{LONGEST_TAG}}}")


def _confirmation(values: Sequence[str]) -> str:
    """What the box for exactly these values sends."""
    return salted_hmac("tickets.send_anyway", "\n".join(sorted(values))).hexdigest()[:16]


class TagsField(forms.CharField):
    """Tags separated by spaces or commas; each once, in order."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        tags = sorted(set(re.split(r"[,\s]+", value or "")) - {""})
        if len(tags) > MOST_TAGS or any(not _TAG.fullmatch(tag) for tag in tags):
            raise forms.ValidationError(
                f"At most {MOST_TAGS} tags of letters, digits, dots, colons and dashes."
            )
        return tags

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))


def refuse_personal_data(form: forms.BaseForm, channel: Channel, *names: str) -> None:
    """Say at the field what the model would refuse."""
    texts = {name: form.cleaned_data.get(name) or "" for name in names}
    try:
        reject(channel, {n: " ".join(t) if isinstance(t, list) else t for n, t in texts.items()})
    except PersonalData as refused:
        for name, kinds in refused.kinds_by_field.items():
            form.add_error(name, f"Personal data ({', '.join(kinds)}) is not taken here.")


def confirm_personal_data(form: forms.BaseForm, reply: str) -> None:
    """A reply reaches the customer as it is: ask first whether its personal data is meant."""
    found = {reply[span.start : span.end]: span.kind for span in find_in(reply)}
    values = unpublished(list(found))
    confirmation = _confirmation(values)
    if not values or form.data.get("send_anyway") == confirmation:
        return
    listed = format_html_join(
        "", '<li>{}: <b dir="auto">{}</b></li>', ((found[value], value) for value in values)
    )
    form.add_error(
        "reply",
        format_html(
            "The customer would read personal data that no published FAQ has: <ul>{}</ul>"
            '<label><input type="checkbox" name="send_anyway" value="{}"> Send it as it is'
            "</label>",
            listed,
            confirmation,
        ),
    )


class TicketForm(forms.ModelForm):  # type: ignore[type-arg]
    """A ticket that is there: sort it, and say something.

    The form carries what it was filled with, so that only what was typed here counts as changed,
    not what a colleague changed meanwhile.
    """

    reply = forms.CharField(
        max_length=LONGEST_TEXT,
        required=False,
        strip=True,
        help_text="The customer reads it; a note only the desk. Alt+R is here, Ctrl+Enter sends.",
        widget=UnfoldAdminTextareaWidget({"rows": 6, "dir": "auto", "aria-keyshortcuts": "Alt+R"}),
    )
    priority = forms.ChoiceField(
        choices=Ticket.Priority.choices,
        required=False,
        show_hidden_initial=True,
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.ChoiceField(
        choices=Ticket.Reason.choices,
        required=False,
        show_hidden_initial=True,
        widget=UnfoldAdminSelectWidget,
    )
    category = forms.CharField(
        max_length=100, required=False, show_hidden_initial=True, widget=UnfoldAdminTextInputWidget
    )
    email = forms.EmailField(
        required=False, show_hidden_initial=True, widget=UnfoldAdminEmailInputWidget
    )
    tags = TagsField(required=False, show_hidden_initial=True, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Ticket
        fields = ("priority", "reason", "category", "tags")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("email", self.instance.email)

    def clean(self) -> None:
        super().clean()
        refuse_personal_data(self, Channel.TICKETS, "category", "tags")
        if "_note" in self.data:
            refuse_personal_data(self, Channel.COMMENTS, "reply")
        else:
            confirm_personal_data(self, self.cleaned_data.get("reply") or "")

    def amended(self) -> dict[str, Any]:
        """What was changed here, by name."""
        typed = {name: self.cleaned_data[name] for name in self.changed_data if name != "reply"}
        required = ("priority", "reason")
        return {name: value for name, value in typed.items() if value or name not in required}


class NewTicketForm(forms.ModelForm):  # type: ignore[type-arg]
    """A ticket for somebody who called. FAQs that may answer it are shown first."""

    requester = forms.RegexField(
        SUBJECT,
        widget=UnfoldAdminTextInputWidget,
        help_text="The customer's user id, without blanks.",
    )
    message = forms.CharField(
        max_length=LONGEST_TEXT,
        label="Question",
        widget=UnfoldAdminTextareaWidget({"rows": 5, "dir": "auto"}),
    )
    email = forms.EmailField(required=False, widget=UnfoldAdminEmailInputWidget)
    tags = TagsField(required=False, widget=UnfoldAdminTextInputWidget)
    escalate = forms.BooleanField(
        required=False,
        label="Make the ticket even if FAQs may answer it",
        widget=UnfoldBooleanWidget,
    )

    class Meta:
        model = Ticket
        fields = ("requester", "message", "priority", "category", "tags")

    by = ""
    """Who fills it in; set by the admin."""

    def clean(self) -> None:
        super().clean()
        refuse_personal_data(self, Channel.TICKETS, "message", "category", "tags")
        told = self.cleaned_data
        if self.errors or told.get("escalate"):
            return
        found = deflection.suggest(told["message"], requester=told["requester"], by=self.by)
        if not found:
            return
        listed = format_html_join(
            "", "<li><b>{}</b> {}</li>", ((known.question, known.answer) for known in found)
        )
        raise forms.ValidationError(
            format_html("FAQs may answer it already: <ul>{}</ul>If not, tick the last box.", listed)
        )
