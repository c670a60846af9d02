"""The desk: Unfold, the theme of Django's admin."""

from __future__ import annotations

from django.templatetags.static import static
from django.urls import reverse_lazy

from supportsite.settings.site import SITE_NAME

UNFOLD = {
    "SITE_TITLE": SITE_NAME,
    "SITE_HEADER": SITE_NAME,
    "SITE_SUBHEADER": "Curated answers first",
    "SITE_ICON": lambda request: static("supportsite/favicon.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("supportsite/favicon.svg"),
        }
    ],
    # No "view site" link: the desk is the site.
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"form": "supportsite.login.two_factor.SignInForm"},
    "ACCOUNT": {
        "navigation": [{"title": "Second factor", "link": reverse_lazy("second-factor")}],
    },
    "DASHBOARD_CALLBACK": "supportsite.first_page.first_page",
    "SIDEBAR": {"navigation": "supportsite.admin_site.navigation"},
    "STYLES": [
        lambda request: static("supportsite/colours.css"),
        lambda request: static("supportsite/desk.css"),
    ],
    "SCRIPTS": [
        lambda request: static("supportsite/expressions.js"),
        lambda request: static("supportsite/desk.js"),
    ],
    "GLOBAL_CALLBACK": "supportsite.admin_site.colours_of_a_file",
}
LOGIN_REDIRECT_URL = "admin:index"
