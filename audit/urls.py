from django.urls import path

from audit.views import AuditExportView, AuditView, PersonView

urlpatterns = [
    path("audit", AuditView.as_view(), name="audit"),
    path("people/<str:user_id>", PersonView.as_view(), name="person"),
    path("audit.jsonl", AuditExportView.as_view(), name="audit-export"),
]
