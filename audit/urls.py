from django.urls import path

from audit.views import AuditExportView, AuditView

urlpatterns = [
    path("audit", AuditView.as_view(), name="audit"),
    path("audit.jsonl", AuditExportView.as_view(), name="audit-export"),
]
