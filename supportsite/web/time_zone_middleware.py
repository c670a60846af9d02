"""Pages of the desk show times in the reader's time zone, which the browser sends in a cookie."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from supportsite.web.problems import is_admin

COOKIE = "time_zone"
"""Set by ``static/supportsite/desk.js``, on the sign-in page already."""


class TimeZoneMiddleware:
    """Without the cookie, or with an unknown zone in it, the site's ``TIME_ZONE`` stays active."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = request.COOKIES.get(COOKIE) if is_admin(request) else None
        if name is None or name not in _zone_names():
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(name)):
            return self.get_response(request)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
