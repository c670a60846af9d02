"""One line per app."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from django_prometheus.exports import ExportToDjangoView
from drf_spectacular.views import SpectacularAPIView

from assistant.desk.ask_page import ask_page
from assistant.desk.quality_page import quality_page
from assistant.help.assets import widget
from supportsite.auth import dev_token
from supportsite.login import oidc, second_factor_page
from supportsite.monitoring import background_jobs, health
from supportsite.monitoring.outcome_gauges import OutcomesCollector
from supportsite.people import set_password
from supportsite.web.docs import DocsView

metrics = background_jobs.with_gauges(
    ExportToDjangoView, health.ReadinessCollector(), OutcomesCollector()
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/admin/")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path(
        "metrics",
        csrf_exempt(require_safe(metrics)),
        name="metrics",
    ),
    path("", include("assistant.urls")),
    path("", include("faq.api.urls")),
    path("", include("tickets.urls")),
    path("", include("audit.urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", DocsView.as_view(url_name="schema"), name="docs"),
    path("admin/quality/", admin.site.admin_view(quality_page), name="quality-page"),
    path("admin/ask/", admin.site.admin_view(ask_page), name="ask-page"),
    path(
        "admin/second-factor/", admin.site.admin_view(second_factor_page.page), name="second-factor"
    ),
    path(
        "admin/set-password/<uidb64>/<token>/",
        set_password.SetPasswordView.as_view(),
        name="set-password",
    ),
    path("admin/oidc/authenticate/", oidc.begin, name="oidc-begin"),
    path("admin/oidc/callback/", oidc.callback, name="oidc-callback"),
    path("admin/gaps/", include("assistant.learning.gap_pages")),
    path("admin/outcomes/", include("assistant.outcomes.desk.urls")),
    path("admin/faq-health/", include("assistant.health.pages")),
    path("admin/suggestions/", include("assistant.suggestions.pages")),
    path("admin/tickets/inbox/", include("tickets.inbox.urls")),
    path("admin/", admin.site.urls),
]

if settings.MAIL_WEBHOOK:
    from tickets.inbound.webhooks import webhook_view

    urlpatterns.insert(0, path("channels/mail/inbound", webhook_view(), name="mail-inbound"))

if settings.HELP_PAGE:
    urlpatterns += [
        path("help/", include("assistant.help.urls")),
        path("widget/v1.js", widget, name="widget"),
    ]

if settings.DEBUG and settings.JWT_SECRET:
    urlpatterns.insert(0, path("dev/token", dev_token.DevTokenView.as_view()))

handler400 = "supportsite.web.error_views.bad_request"
handler403 = "supportsite.web.error_views.permission_denied"
handler404 = "supportsite.web.error_views.not_found"
handler500 = "supportsite.web.error_views.server_error"
