"""Evaluations, fitted policies and labelled questions in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from assistant import admin_desk_texts  # noqa: F401 (registers its pages)
from assistant.channels import admin as channels_admin  # noqa: F401 (registers its pages)
from assistant.desk import labels  # noqa: F401 (registers its pages)
from assistant.help import admin as help_admin  # noqa: F401 (registers its pages)
from assistant.models import EvaluationRun, FittedPolicy
from assistant.readable_labels import RESULTS
from assistant.templatetags.quality import proportion
from audit.admin import ReadOnlyAdmin, folded_json

COEFFICIENTS = {"log_vote": "vote of the classifier", "bias": "constant"}
"""The words for a coefficient, if its name does not say them."""


@admin.register(EvaluationRun)
class EvaluationRunAdmin(ReadOnlyAdmin):
    list_display = ("created", "source", "release", "policy_name", "coverage", "precision")
    list_filter = ("source",)
    fields = (
        *("created", "source", "release", "policy_name", "coverage", "precision"),
        *("answerable", "unanswerable", "mistakes"),
    )

    @admin.display(description="Policy")
    def policy_name(self, run: EvaluationRun) -> str:
        return str(run.policy["name"])

    @admin.display(description="Coverage")
    def coverage(self, run: EvaluationRun) -> str:
        return proportion(run.numbers["coverage"])

    @admin.display(description="Precision")
    def precision(self, run: EvaluationRun) -> str:
        return proportion(run.numbers["precision"])

    @admin.display(description="Questions that an FAQ answers")
    def answerable(self, run: EvaluationRun) -> SafeString:
        return _results(run.numbers["answerable"])

    @admin.display(description="Questions that no FAQ answers")
    def unanswerable(self, run: EvaluationRun) -> SafeString:
        return _results(run.numbers["unanswerable"])

    @admin.display(description="Answered wrong")
    def mistakes(self, run: EvaluationRun) -> SafeString:
        wrong = [question for question in run.questions if question["result"] == "wrong"]
        rows = (
            (q["question"], q["faq_id"], ", ".join(q["expected"]) or "no answer") for q in wrong
        )
        return format_html_join("", "<div>{} → {} <small>(expected: {})</small></div>", rows)


@admin.register(FittedPolicy)
class FittedPolicyAdmin(ReadOnlyAdmin):
    list_display = ("created", "short_digest", "threshold", "answer_at", "ask_at", "calibrated")
    fields = (
        *("created", "digest", "threshold", "margin", "answer_at", "ask_at", "coefficients"),
        "readable_report",
    )

    @admin.display(description="Policy")
    def short_digest(self, policy: FittedPolicy) -> str:
        return policy.digest[:12]

    @admin.display(description="Threshold")
    def threshold(self, policy: FittedPolicy) -> float:
        return float(policy.numbers["threshold"])

    @admin.display(description="Answers from")
    def answer_at(self, policy: FittedPolicy) -> float:
        return float(policy.numbers["answer_at"])

    @admin.display(description="Asks to clarify from")
    def ask_at(self, policy: FittedPolicy) -> float:
        return float(policy.numbers["ask_at"])

    @admin.display(description="Calibrated", boolean=True)
    def calibrated(self, policy: FittedPolicy) -> bool:
        return bool(policy.report.get("kept"))

    @admin.display(description="Margin")
    def margin(self, policy: FittedPolicy) -> float:
        return float(policy.numbers["margin"])

    @admin.display(description="Coefficients of the confidence")
    def coefficients(self, policy: FittedPolicy) -> str:
        numbers = policy.numbers.get("coefficients") or {}
        return ", ".join(f"{COEFFICIENTS.get(n, n)} {value:.2f}" for n, value in numbers.items())

    @admin.display(description="Calibration report")
    def readable_report(self, policy: FittedPolicy) -> SafeString:
        return folded_json(policy.report, summary="As stored, in JSON")


def _results(results: dict[str, Any]) -> SafeString:
    rows = ((proportion(stored), RESULTS[name]) for name, stored in results.items())
    return format_html_join("", "<div>{} {}</div>", rows)
