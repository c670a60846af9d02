"""What may be typed into an FAQ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from faq.models import Faq
from faq.phrasing import is_blank, normalise


def owners(*, besides: Faq) -> Mapping[str, str]:
    """Normalised phrasing -> slug, of every other published FAQ."""
    contents = Faq.objects.published().exclude(pk=besides.pk).contents()
    return {normalise(p): content.slug for content in contents.values() for p in content.phrasings}


def refuse_taken(phrasing: str, taken: Mapping[str, str]) -> None:
    """One phrasing may lead to one FAQ only: no lead could ever tell two apart."""
    words = normalise(phrasing)
    if not words:
        raise forms.ValidationError("This is nothing but punctuation.")
    if words in taken:
        raise forms.ValidationError(f"This is already a phrasing of {taken[words]}.")


def write_either_way(form: forms.ModelForm[Any], *names: str) -> None:
    """Let what is typed decide its direction: Urdu and Arabic run from right to left."""
    for name in form.fields.keys() & set(names):
        form.fields[name].widget.attrs["dir"] = "auto"


class CategoryInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """Offers the categories there are; a misspelt one would be a new one."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        known = Faq.objects.exclude(category="").order_by("category").distinct()
        options = format_html_join(
            "", '<option value="{}">', known.values_list("category").distinct()
        )
        field = super().render(name, value, {**(attrs or {}), "list": "categories"}, renderer)
        return format_html('{}<datalist id="categories">{}</datalist>', field, options)


class FaqForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        widgets = {"category": CategoryInput}
        help_texts = {
            "status": "Published: /ask answers with it as soon as it is saved. "
            "Draft or retired: it does not."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        write_either_way(self, "question", "answer")

    def clean_answer(self) -> str:
        # Browsers send CR LF; files and the API have LF, and only what differs is a change.
        answer: str = self.cleaned_data["answer"].replace("\r\n", "\n")
        if is_blank(answer):
            raise forms.ValidationError("This is empty.")
        return answer

    def clean(self) -> None:
        super().clean()
        question = self.cleaned_data.get("question")
        if question is None or self.cleaned_data.get("status") == Faq.Status.RETIRED:
            return
        try:
            refuse_taken(question, owners(besides=self.instance))
        except forms.ValidationError as refusal:
            self.add_error("question", refusal)


class AlternateForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        labels = {"text": "Phrasing"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        write_either_way(self, "text")


class AlternateFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    def clean(self) -> None:
        super().clean()
        if self.instance.status == Faq.Status.RETIRED:
            return
        taken = owners(besides=self.instance)
        for form in self.forms:
            cleaned = getattr(form, "cleaned_data", {})
            if not cleaned.get("text") or cleaned.get("DELETE"):
                continue
            try:
                refuse_taken(cleaned["text"], taken)
            except forms.ValidationError as refusal:
                form.add_error("text", refusal)
