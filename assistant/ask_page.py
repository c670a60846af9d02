"""Ask: where curators try a question before anybody else asks it."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from assistant.interfaces import Unavailable
from assistant.serializers import LONGEST_MESSAGE
from assistant.trying import Trial, try_out


class TryForm(forms.Form):
    question = forms.CharField(max_length=LONGEST_MESSAGE)
    category = forms.CharField(max_length=100, required=False)
    audience = forms.CharField(max_length=100, required=False)


def ask_page(request: HttpRequest) -> HttpResponse:
    """The draft and the live release side by side, with the decision drawn."""
    if not request.user.has_perm("faq.view_faq"):
        raise PermissionDenied
    form = TryForm(request.POST if request.method == "POST" else None)
    trials: list[Trial] = []
    problem = ""
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            trials = try_out(
                said["question"],
                actor=request.user.get_username(),
                category=said["category"],
                audience=said["audience"],
            )
        except Unavailable as failure:
            problem = str(failure)
    context = {
        **admin.site.each_context(request),
        "title": "Ask",
        "form": form,
        "trials": trials,
        "problem": problem,
    }
    return TemplateResponse(request, "assistant/ask.html", context)
