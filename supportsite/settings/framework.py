"""Django's apps, middleware, templates, languages and static files."""

from __future__ import annotations

from supportsite.settings.site import BASE_DIR

INSTALLED_APPS = [
    # The queue, before the apps with its tasks.
    "procrastinate.contrib.django",
    "audit",
    "faq",
    "tickets",
    "assistant",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "rest_framework",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prometheus",
    # Last: it changes the admin of the apps before.
    "supportsite",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "supportsite.web.middleware.RequestIdMiddleware",
    "supportsite.web.middleware.RateLimitMiddleware",
    "supportsite.web.security_headers.PagePolicyMiddleware",
    "supportsite.monitoring.tracing_middleware.TracingMiddleware",
    # Before all that may refuse, so that a page can read why.
    "corsheaders.middleware.CorsMiddleware",
    "supportsite.web.middleware.ProblemMiddleware",
    "supportsite.web.middleware.WellFormedMiddleware",
    "audit.middleware.AuditMiddleware",
    "supportsite.web.middleware.RefusalThrottleMiddleware",
    "supportsite.web.middleware.ClientCertificateMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "supportsite.web.admin_only_middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "supportsite.web.admin_only_middleware.SignedIn",
    "supportsite.web.admin_only_middleware.Messages",
    "supportsite.login.two_factor.SecondFactorMiddleware",
    "supportsite.web.admin_only_middleware.LockOut",
    "supportsite.web.time_zone_middleware.TimeZoneMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "supportsite.urls"
WSGI_APPLICATION = "supportsite.wsgi.application"
CSRF_FAILURE_VIEW = "supportsite.web.error_views.csrf_failure"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # First, to override some of Unfold's templates.
        "DIRS": [BASE_DIR / "supportsite" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
# The help page follows the visitor; the desk and the API are English.
USE_I18N = True
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ur", "اردو")]
USE_TZ = True
FORMAT_MODULE_PATH = "supportsite.formats"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Before those of apps: files that replace one of a package.
STATICFILES_DIRS = [BASE_DIR / "supportsite" / "vendored"]
STATIC_URL = "static/"
# In the image collectstatic fills it. Without it, as with `make run`, the files of apps are served
# from their folders.
_collected = BASE_DIR / "static"
STATIC_ROOT = _collected if _collected.is_dir() else None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
