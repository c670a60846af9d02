"""Forms to propose a phrasing or an FAQ."""

from __future__ import annotations

from django import forms

MAX_QUESTION_LENGTH = 500
MAX_ANSWER_LENGTH = 20_000


class PhrasingForm(forms.Form):
    """The customer's question as a phrasing of an FAQ."""

    text = forms.CharField(
        max_length=MAX_QUESTION_LENGTH,
        label="The customer's words",
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )


class NewFaqForm(forms.Form):
    """The draft of an FAQ."""

    question = forms.CharField(
        max_length=MAX_QUESTION_LENGTH, widget=forms.Textarea({"rows": 2, "dir": "auto"})
    )
    alternates = forms.CharField(
        required=False,
        max_length=5 * MAX_QUESTION_LENGTH,
        label="Alternate questions, one per line",
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
    )
    answer = forms.CharField(
        max_length=MAX_ANSWER_LENGTH, widget=forms.Textarea({"rows": 8, "dir": "auto"})
    )
    faq_id = forms.CharField(required=False, max_length=100, label="FAQ id")
    category = forms.CharField(required=False, max_length=100)

    def clean_alternates(self) -> list[str]:
        lines = self.cleaned_data["alternates"].splitlines()
        return [line.strip() for line in lines if line.strip()]
