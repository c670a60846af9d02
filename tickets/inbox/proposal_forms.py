"""Forms to propose a phrasing or an FAQ."""

from __future__ import annotations

from django import forms

LONGEST_QUESTION = 500
LONGEST_ANSWER = 20_000


class PhrasingForm(forms.Form):
    """The customer's question as a phrasing of an FAQ."""

    text = forms.CharField(
        max_length=LONGEST_QUESTION,
        label="The customer's words",
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )


class NewFaqForm(forms.Form):
    """The draft of an FAQ."""

    question = forms.CharField(
        max_length=LONGEST_QUESTION, widget=forms.Textarea({"rows": 2, "dir": "auto"})
    )
    alternates = forms.CharField(
        required=False,
        max_length=5 * LONGEST_QUESTION,
        label="Alternate questions, one per line",
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
    )
    answer = forms.CharField(
        max_length=LONGEST_ANSWER, widget=forms.Textarea({"rows": 8, "dir": "auto"})
    )
    faq_id = forms.CharField(required=False, max_length=100, label="FAQ id")
    category = forms.CharField(required=False, max_length=100)

    def clean_alternates(self) -> list[str]:
        lines = self.cleaned_data["alternates"].splitlines()
        return [line.strip() for line in lines if line.strip()]
