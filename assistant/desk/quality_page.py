"""The Quality page: the policy that decides, and how good the answers are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from assistant.calibration import adoption
from assistant.calibration.fitted_policies import PRECISION
from assistant.desk.quality_jobs import CALIBRATE, COMPARE, EVALUATE, KINDS
from assistant.interfaces import Unavailable
from assistant.models import EvaluationRun, FittedPolicy, Label
from assistant.readable_labels import RESULTS
from faq.models import BackgroundJob, Release
from faq.releases.publishing import PublishError

SEE, PUBLISH = "assistant.view_evaluationrun", "faq.publish_release"
TITLES = {
    EVALUATE: "Evaluation of the live release",
    CALIBRATE: "Calibration",
    COMPARE: "What the last release changed",
}
MAX_LISTED = 100
"""Questions in a list."""

CALIBRATION_ROWS = {
    "coverage": "Coverage",
    "precision": "Precision",
    "helped": "Answered right, or offered as an option",
    "answered_wrong": "Answered wrong",
    "unanswerable_answered": "No FAQ answers it, but answered",
    "unanswerable_clarified": "No FAQ answers it, asked to clarify",
}


class QualityForm(forms.Form):
    """One of the actions of the page; only ``adopt`` needs ``policy`` and ``live``."""

    ACTIONS = ("evaluate", "calibrate", "compare", "adopt", "drop")
    action = forms.ChoiceField(choices=[(action, action) for action in ACTIONS])
    precision = forms.FloatField(min_value=0.5, max_value=0.99, required=False)
    policy = forms.CharField(max_length=64, required=False)
    live = forms.IntegerField(required=False)


def quality_page(request: HttpRequest) -> HttpResponse:
    """The live policy, the actions, and with ``?job=`` the progress or result of one of them."""
    if not request.user.has_perm(SEE):
        raise PermissionDenied
    if request.method == "POST":
        return _act(request)
    live = Release.objects.live()
    job = _job(request)
    context = {
        **admin.site.each_context(request),
        "title": "Quality",
        "live": live,
        "policy": adoption.live_policy(live) if live else None,
        "labels": Label.objects.count(),
        "counting": len(Label.objects.counting_for(live.contents())) if live else 0,
        "precision": PRECISION,
        "may_publish": request.user.has_perm(PUBLISH),
        "job": job,
        "job_title": TITLES[job.kind] if job else "",
        **(_result(job) if job and job.state == BackgroundJob.State.DONE else {}),
    }
    return TemplateResponse(request, "assistant/quality.html", context)


def _act(request: HttpRequest) -> HttpResponse:
    form = QualityForm(request.POST)
    here = reverse("quality-page")
    if not form.is_valid():
        messages.error(request, "The precision must be between 0.5 and 0.99.")
        return HttpResponseRedirect(here)
    fields, by = form.cleaned_data, request.user.get_username()
    action = fields["action"]
    if action in ("adopt", "drop"):
        _decide(request, fields)
        return HttpResponseRedirect(here)
    if action == "calibrate":
        precision = fields["precision"] or PRECISION
        job = BackgroundJob.objects.start(CALIBRATE, by=by, precision=precision)
    else:
        job = BackgroundJob.objects.start(EVALUATE if action == "evaluate" else COMPARE, by=by)
    return HttpResponseRedirect(f"{here}?job={job.pk}")


def _decide(request: HttpRequest, fields: dict[str, Any]) -> None:
    """Adopt a proposed policy, or drop the calibrated one."""
    if not request.user.has_perm(PUBLISH):
        raise PermissionDenied
    by = request.user.get_username()
    try:
        if fields["action"] == "drop":
            release = adoption.drop(actor=by)
        else:
            proposed = FittedPolicy.objects.filter(digest=fields["policy"]).first()
            calibrated_for = Release.objects.filter(number=fields["live"]).first()
            if proposed is None or calibrated_for is None:
                messages.error(request, "This policy does not exist any more. Calibrate again.")
                return
            note = f"Calibrated for {proposed.report['precision']:.0%} right answers"
            release = adoption.adopt(proposed.digest, live=calibrated_for, actor=by, note=note)
    except (PublishError, Unavailable) as failure:
        messages.error(request, f"Nothing was changed: {failure}")
    else:
        messages.success(request, f"Release {release.number} is live with the policy you chose.")


def _job(request: HttpRequest) -> BackgroundJob | None:
    jobs = BackgroundJob.objects.of(request.user.get_username()).filter(kind__in=KINDS)
    try:
        return jobs.filter(pk=UUID(request.GET.get("job", ""))).first()
    except ValueError:
        return None


def _result(job: BackgroundJob) -> dict[str, Any]:
    """The context of a finished job for the template."""
    result = job.result
    if job.kind == CALIBRATE:
        rows = [
            (label, result["expected"][name], result["before"][name])
            for name, label in CALIBRATION_ROWS.items()
        ]
        return {"result": result, "rows": rows}
    changes = [
        (
            change["question"],
            RESULTS[change["before"]["result"]],
            RESULTS[change["after"]["result"]],
        )
        for change in result["changes"]
    ]
    shown = {"result": result, "changes": changes[:MAX_LISTED], "change_count": len(changes)}
    if job.kind == COMPARE:
        return shown
    run = EvaluationRun.objects.filter(pk=result["run"]).first()
    wrong = [question for question in run.questions if question["result"] == "wrong"] if run else []
    return {**shown, "run": run, "wrong": wrong[:MAX_LISTED], "chart": Chart(result["curve"])}


class Chart:
    """The curve of an evaluation as points of an SVG: 400 by 240, origin at the top left."""

    WIDTH, HEIGHT = 400, 240

    def __init__(self, curve: list[list[float]]) -> None:
        """``curve``: coverage, precision, and the bounds of its interval, each 0 to 1."""
        self.line = " ".join(self._at(coverage, precision) for coverage, precision, *_ in curve)
        lower = [self._at(coverage, low) for coverage, _, low, _ in curve]
        upper = [self._at(coverage, high) for coverage, _, _, high in curve]
        self.band = " ".join([*lower, *reversed(upper)])
        self.grid = [(round(self.HEIGHT * (1 - part / 4)), f"{25 * part}%") for part in range(5)]
        self.columns = [(round(self.WIDTH * part / 4), f"{25 * part}%") for part in range(5)]

    def _at(self, coverage: float, precision: float) -> str:
        return f"{coverage * self.WIDTH:.1f},{(1 - precision) * self.HEIGHT:.1f}"
