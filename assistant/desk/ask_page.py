"""The Ask page: curators preview the answer to a question."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from assistant.desk.preview_card import Card, cards
from assistant.interfaces import Unavailable
from assistant.releases.preview import preview_answers
from assistant.serializers import LONGEST_MESSAGE


class PreviewForm(forms.Form):
    question = forms.CharField(max_length=LONGEST_MESSAGE)
    category = forms.CharField(max_length=100, required=False)
    audience = forms.CharField(max_length=100, required=False)


def ask_page(request: HttpRequest) -> HttpResponse:
    """The drafts and the live release side by side, each as a customer would see it."""
    if not request.user.has_perm("faq.view_faq"):
        raise PermissionDenied
    form = PreviewForm(request.POST if request.method == "POST" else None)
    drawn: list[Card] = []
    problem = ""
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        try:
            drawn = cards(
                preview_answers(
                    fields["question"],
                    actor=request.user.get_username(),
                    category=fields["category"],
                    audience=fields["audience"],
                )
            )
        except Unavailable as failure:
            problem = str(failure)
    context = {
        **admin.site.each_context(request),
        "title": "Ask",
        "form": form,
        "cards": drawn,
        "problem": problem,
    }
    return TemplateResponse(request, "assistant/ask.html", context)
