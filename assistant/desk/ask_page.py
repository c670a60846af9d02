"""The Ask page: preview the answer to a question, and add its words to an FAQ."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from assistant.interfaces import Unavailable
from assistant.releases.preview import preview_answers
from assistant.releases.preview_card import Card, cards
from assistant.serializers import MAX_MESSAGE_LENGTH
from faq.admin.wordings import add_wording, may_add_wording
from faq.models import Faq


class PreviewForm(forms.Form):
    question = forms.CharField(max_length=MAX_MESSAGE_LENGTH)
    category = forms.CharField(max_length=100, required=False)
    audience = forms.CharField(max_length=100, required=False)
    add_to = forms.SlugField(
        required=False, help_text="The id of the FAQ that gets the question as a phrasing."
    )


def ask_page(request: HttpRequest) -> HttpResponse:
    """Show the replies of the drafts and of the live release side by side.

    With ``add_to`` the question is added to that FAQ first, so that the drafts show its effect.
    """
    if not request.user.has_perm("faq.view_faq"):
        raise PermissionDenied
    form = PreviewForm(request.POST if request.method == "POST" else None)
    previews: list[Card] = []
    problem = ""
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["add_to"]:
            _add_wording(request, form.cleaned_data["add_to"], form.cleaned_data["question"])
        try:
            previews = _cards(request, form)
        except Unavailable as failure:
            problem = str(failure)
    context = {
        **admin.site.each_context(request),
        "title": "Ask",
        "form": form,
        "cards": previews,
        "problem": problem,
        "may_add_wording": may_add_wording(request),
    }
    return TemplateResponse(request, "assistant/ask.html", context)


def _cards(request: HttpRequest, form: PreviewForm) -> list[Card]:
    fields = form.cleaned_data
    return cards(
        preview_answers(
            fields["question"],
            actor=request.user.get_username(),
            category=fields["category"],
            audience=fields["audience"],
        )
    )


def _add_wording(request: HttpRequest, faq_id: str, question: str) -> None:
    """Add the question to the FAQ's draft, as a proposal if the user may not edit it."""
    if not may_add_wording(request):
        raise PermissionDenied
    faq = Faq.objects.in_use().filter(slug=faq_id).first()
    if faq is None:
        messages.error(request, f"{faq_id} is retired or does not exist.")
        return
    add_wording(request, faq, question)
