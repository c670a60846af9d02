"""Forms to edit an FAQ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from audit.people.pseudonyms import stored_name
from audit.privacy.gateway import Channel, PersonalData, apply_inbound
from faq.content import Content, Draft
from faq.files.personal_data import redact_or_reject, rejection_reason
from faq.files.reader import Unreadable, read_one
from faq.files.row import FAQ_COLUMNS
from faq.models import Faq, Phrasing
from faq.phrasing import key_of, normalise
from faq.releases.drafts import draft_of


def reject_used_phrasing(phrasing: str, *, editing: Faq) -> None:
    """Raise ``ValidationError`` if another FAQ has this phrasing, or if it has no words."""
    if not normalise(phrasing):
        raise forms.ValidationError("Enter a question; this is only punctuation.")
    claims = Phrasing.objects.filter(key=key_of(phrasing)).exclude(faq=editing.pk)
    other = claims.select_related("faq").first()
    if other:
        raise forms.ValidationError(
            f"This is already a question of {other.faq.slug}. Use different words."
        )


def set_text_direction(form: forms.ModelForm[Any], *names: str) -> None:
    """Let the browser detect right-to-left text, such as Urdu and Arabic."""
    for name in form.fields.keys() & set(names):
        form.fields[name].widget.attrs["dir"] = "auto"


class SuggestingInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A text input that suggests the column's existing values."""

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        values = Faq.objects.exclude(**{self.column: ""}).order_by(self.column).distinct()
        options = format_html_join("", '<option value="{}">', values.values_list(self.column))
        field = super().render(name, value, {**(attrs or {}), "list": f"values_{name}"}, renderer)
        return format_html('{}<datalist id="values_{}">{}</datalist>', field, name, options)


class FaqForm(forms.ModelForm):  # type: ignore[type-arg]
    """The draft of an FAQ, with the checks that files and the API have."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    """ETag of the draft when the form was opened."""

    class Meta:
        widgets = {name: SuggestingInput(name) for name in ("category", "audience", "owner")}
        help_texts = {
            "owner": "Who keeps it up to date. A username or e-mail address of the desk gets the "
            "findings of FAQ health by mail."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_text_direction(self, "question", "answer")
        # Before validation copies the posted values into the instance.
        self.stored: Draft | None = draft_of(self.instance) if self.instance.pk else None
        self.initial["seen"] = self.stored.etag if self.stored else ""

    def clean(self) -> None:
        super().clean()
        self._apply_file_checks()
        seen = self.cleaned_data.get("seen")
        if self.stored and seen and seen != self.stored.etag:
            raise forms.ValidationError(
                "Someone else saved this FAQ while you were editing it, so your changes are not "
                "saved. Open the FAQ in another tab to compare. Your text is still here."
            )
        question = self.cleaned_data.get("question")
        if question is None or self.instance.retired:
            return
        try:
            reject_used_phrasing(question, editing=self.instance)
        except forms.ValidationError as error:
            self.add_error("question", error)

    def _apply_file_checks(self) -> None:
        """Apply the validation that files and the API have."""
        data = self.cleaned_data
        if "question" not in data or "answer" not in data:
            return
        texts = ("question", "answer", "category", "audience", "owner")
        cells = {"id": "any", **{name: data.get(name, "") for name in texts}}
        try:
            row = read_one(cells)
        except Unreadable as error:
            for problem in error.problems:
                self.add_error(problem.column, f"This {problem.reason}.")
            return
        data |= {name: value for name, value in row.values.items() if name != "slug"}
        data["owner"] = stored_name(data.get("owner") or "")
        self._redact_or_reject()

    def _redact_or_reject(self) -> None:
        data = self.cleaned_data
        texts = ("slug", "question", "answer", "category", "audience")
        try:
            content = redact_or_reject(
                Content(**{"slug": "any", **{name: data[name] for name in texts if name in data}})
            )
        except PersonalData as error:
            for field, kinds in error.kinds_by_field.items():
                self.add_error(field, f"This {rejection_reason(kinds)}.")
            return
        data |= {name: getattr(content, name) for name in texts if name in data}


class AlternateForm(forms.ModelForm):  # type: ignore[type-arg]
    """One alternate question."""

    class Meta:
        labels = {"text": "Alternate question"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_text_direction(self, "text")
        # In a table the label is the head of its column, which a screen reader does not read out.
        self.fields["text"].widget.attrs["aria-label"] = self.fields["text"].label

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            row = read_one({**dict.fromkeys(FAQ_COLUMNS, "any"), "question": text})
            return apply_inbound(Channel.FAQS, row.values["question"], field="text")
        except Unreadable as error:
            raise forms.ValidationError(f"This {error.problems[0].reason}.") from None
        except PersonalData as error:
            reason = rejection_reason(error.kinds_by_field["text"])
            raise forms.ValidationError(f"This {reason}.") from None


class AlternateFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """Refuses alternate questions that another FAQ has."""

    def clean(self) -> None:
        super().clean()
        if self.instance.retired:
            return
        for form in self.forms:
            cleaned: Mapping[str, Any] = getattr(form, "cleaned_data", {})
            if not cleaned.get("text") or cleaned.get("DELETE"):
                continue
            try:
                reject_used_phrasing(cleaned["text"], editing=self.instance)
            except forms.ValidationError as error:
                form.add_error("text", error)
