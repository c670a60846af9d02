from django.urls import path

from faq.api.drafts import FaqsView, FaqView
from faq.api.imports import ExportView, ImportsView, JobView
from faq.api.ingest import IngestView
from faq.api.releases import (
    DifferenceView,
    ReleasesView,
    ReleaseView,
    RollbackView,
    WaitingView,
)

urlpatterns = [
    path("ingest", IngestView.as_view(), name="ingest"),
    path("faqs", FaqsView.as_view(), name="faqs"),
    path("faqs.<str:kind>", ExportView.as_view(), name="faqs-export"),
    path("imports", ImportsView.as_view(), name="imports"),
    path("jobs/<uuid:job_id>", JobView.as_view(), name="job"),
    path("faqs/<str:faq_id>", FaqView.as_view(), name="faq"),
    path("releases", ReleasesView.as_view(), name="releases"),
    path("releases/draft", WaitingView.as_view(), name="releases-draft"),
    path("releases/<int:number>", ReleaseView.as_view(), name="release"),
    path("releases/<int:number>/diff", DifferenceView.as_view(), name="release-diff"),
    path("releases/<int:number>/rollback", RollbackView.as_view(), name="release-rollback"),
]
