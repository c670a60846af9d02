"""What may be typed into an FAQ."""

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
from faq.files.personal_data import admitted, reason_of
from faq.files.reader import Unreadable, read_one
from faq.files.row import FAQ_COLUMNS
from faq.models import Faq, Phrasing
from faq.phrasing import key_of, normalise
from faq.releases.drafts import draft_of


def refuse_taken(phrasing: str, *, besides: Faq) -> None:
    """One phrasing may lead to one FAQ only: no lead could ever tell two apart."""
    if not normalise(phrasing):
        raise forms.ValidationError("This is nothing but punctuation.")
    claims = Phrasing.objects.filter(key=key_of(phrasing)).exclude(faq=besides.pk)
    other = claims.select_related("faq").first()
    if other:
        raise forms.ValidationError(f"This is already a phrasing of {other.faq.slug}.")


def write_either_way(form: forms.ModelForm[Any], *names: str) -> None:
    """Let what is typed decide its direction: Urdu and Arabic run from right to left."""
    for name in form.fields.keys() & set(names):
        form.fields[name].widget.attrs["dir"] = "auto"


class KnownInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """Offers the words there are; a misspelt one would be a new one."""

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        known = Faq.objects.exclude(**{self.column: ""}).order_by(self.column).distinct()
        options = format_html_join("", '<option value="{}">', known.values_list(self.column))
        field = super().render(name, value, {**(attrs or {}), "list": f"known_{name}"}, renderer)
        return format_html('{}<datalist id="known_{}">{}</datalist>', field, name, options)


class FaqForm(forms.ModelForm):  # type: ignore[type-arg]
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    """The draft's ETag when the form was opened."""

    class Meta:
        widgets = {name: KnownInput(name) for name in ("category", "audience", "owner")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        write_either_way(self, "question", "answer")
        # Read here, before what was posted is put into the instance.
        self.stored: Draft | None = draft_of(self.instance) if self.instance.pk else None
        self.initial["seen"] = self.stored.etag if self.stored else ""

    def clean(self) -> None:
        super().clean()
        self._read_as_a_file_would()
        seen = self.cleaned_data.get("seen")
        if self.stored and seen and seen != self.stored.etag:
            raise forms.ValidationError(
                "A colleague saved this FAQ while you had it open, so yours was not saved. Open it "
                "in another tab to see theirs; what you typed is still here."
            )
        question = self.cleaned_data.get("question")
        if question is None or self.instance.retired:
            return
        try:
            refuse_taken(question, besides=self.instance)
        except forms.ValidationError as refusal:
            self.add_error("question", refusal)

    def _read_as_a_file_would(self) -> None:
        """One check for forms, files and the API: what is exported comes back as it was."""
        said = self.cleaned_data
        if "question" not in said or "answer" not in said:
            return
        texts = ("question", "answer", "category", "audience", "owner")
        cells = {"id": "any", **{name: said.get(name, "") for name in texts}}
        try:
            read = read_one(cells)
        except Unreadable as found:
            for problem in found.problems:
                self.add_error(problem.column, f"This {problem.reason}.")
            return
        said |= {name: value for name, value in read.values.items() if name != "slug"}
        said["owner"] = stored_name(said.get("owner") or "")
        self._without_personal_data()

    def _without_personal_data(self) -> None:
        said = self.cleaned_data
        texts = ("slug", "question", "answer", "category", "audience")
        try:
            kept = admitted(Content(**{"slug": "any", **{n: said[n] for n in texts if n in said}}))
        except PersonalData as refused:
            for field, kinds in refused.kinds_by_field.items():
                self.add_error(field, f"This {reason_of(kinds)}.")
            return
        said |= {name: getattr(kept, name) for name in texts if name in said}


class AlternateForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        labels = {"text": "Phrasing"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        write_either_way(self, "text")

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            text = read_one({**dict.fromkeys(FAQ_COLUMNS, "any"), "question": text}).values[
                "question"
            ]
            return apply_inbound(Channel.FAQS, text, field="text")
        except Unreadable as found:
            raise forms.ValidationError(f"This {found.problems[0].reason}.") from None
        except PersonalData as refused:
            raise forms.ValidationError(
                f"This {reason_of(refused.kinds_by_field['text'])}."
            ) from None


class AlternateFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    def clean(self) -> None:
        super().clean()
        if self.instance.retired:
            return
        for form in self.forms:
            cleaned: Mapping[str, Any] = getattr(form, "cleaned_data", {})
            if not cleaned.get("text") or cleaned.get("DELETE"):
                continue
            try:
                refuse_taken(cleaned["text"], besides=self.instance)
            except forms.ValidationError as refusal:
                form.add_error("text", refusal)
