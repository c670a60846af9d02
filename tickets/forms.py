"""Forms of the ticket pages: a new ticket, and changes of one."""

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
from tickets.models import Ticket
from tickets.ticket_fields import MAX_TAG_LENGTH, MAX_TAGS, MAX_TEXT_LENGTH

_TAG = re.compile(rf"[\w.:-]{{1,{MAX_TAG_LENGTH}}}")


def _confirmation(values: Sequence[str]) -> str:
    """The checkbox value that confirms exactly these values."""
    return salted_hmac("tickets.send_anyway", "\n".join(sorted(values))).hexdigest()[:16]


class TagsField(forms.CharField):
    """Tags separated by spaces or commas; sorted, without duplicates."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        tags = sorted(set(re.split(r"[,\s]+", value or "")) - {""})
        if len(tags) > MAX_TAGS or any(not _TAG.fullmatch(tag) for tag in tags):
            raise forms.ValidationError(
                f"At most {MAX_TAGS} tags of letters, digits, dots, colons and dashes."
            )
        return tags

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))


def refuse_personal_data(form: forms.BaseForm, channel: Channel, *names: str) -> None:
    """Add an error to each field whose personal data the model would reject."""
    texts = {name: form.cleaned_data.get(name) or "" for name in names}
    try:
        reject(channel, {n: " ".join(t) if isinstance(t, list) else t for n, t in texts.items()})
    except PersonalData as error:
        for name, kinds in error.kinds_by_field.items():
            form.add_error(
                name, f"Personal data ({', '.join(kinds)}) is not allowed here. Remove it."
            )


def confirm_personal_data(form: forms.BaseForm, reply: str) -> None:
    """Ask for confirmation of personal data in a reply, which is sent as written."""
    kinds = {reply[span.start : span.end]: span.kind for span in find_in(reply)}
    values = unpublished(list(kinds))
    confirmation = _confirmation(values)
    if not values or form.data.get("send_anyway") == confirmation:
        return
    value_list = format_html_join(
        "", '<li>{}: <b dir="auto">{}</b></li>', ((kinds[value], value) for value in values)
    )
    form.add_error(
        "reply",
        format_html(
            "Your reply has personal data that no published FAQ contains: <ul>{}</ul>"
            '<label><input type="checkbox" name="send_anyway" value="{}"> Send it anyway'
            "</label>",
            value_list,
            confirmation,
        ),
    )


class TicketForm(forms.ModelForm):  # type: ignore[type-arg]
    """Reply to a ticket, and change its fields.

    Hidden fields carry the initial values, so that only what was typed here counts as changed, not
    what a colleague changed meanwhile.
    """

    reply = forms.CharField(
        max_length=MAX_TEXT_LENGTH,
        required=False,
        strip=True,
        help_text="The customer reads a reply, the desk a note. Keys: Alt+R, Ctrl+Enter to send.",
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
        """The values changed in this form, by field name."""
        values = {name: self.cleaned_data[name] for name in self.changed_data if name != "reply"}
        required = ("priority", "reason")
        return {name: value for name, value in values.items() if value or name not in required}


class NewTicketForm(forms.ModelForm):  # type: ignore[type-arg]
    """A ticket for a caller. FAQs that may answer it are shown first."""

    requester = forms.RegexField(
        SUBJECT,
        label="User id",
        widget=UnfoldAdminTextInputWidget,
        help_text="The customer's id, without blanks.",
    )
    message = forms.CharField(
        max_length=MAX_TEXT_LENGTH,
        label="Question",
        widget=UnfoldAdminTextareaWidget({"rows": 5, "dir": "auto"}),
    )
    email = forms.EmailField(required=False, widget=UnfoldAdminEmailInputWidget)
    tags = TagsField(required=False, widget=UnfoldAdminTextInputWidget)
    escalate = forms.BooleanField(
        required=False,
        label="Open the ticket even if FAQs may answer it",
        widget=UnfoldBooleanWidget,
    )

    class Meta:
        model = Ticket
        fields = ("requester", "message", "priority", "category", "tags")

    by = ""
    """The signed-in person; set by the admin."""

    def clean(self) -> None:
        super().clean()
        refuse_personal_data(self, Channel.TICKETS, "message", "category", "tags")
        data = self.cleaned_data
        if self.errors or data.get("escalate"):
            return
        faqs = deflection.suggest(data["message"], requester=data["requester"], by=self.by)
        if not faqs:
            return
        faq_list = format_html_join(
            "", "<li><b>{}</b> {}</li>", ((faq.question, faq.answer) for faq in faqs)
        )
        raise forms.ValidationError(
            format_html(
                "These FAQs may answer it: <ul>{}</ul>If not, tick “{}” and save again.",
                faq_list,
                self.fields["escalate"].label,
            )
        )
