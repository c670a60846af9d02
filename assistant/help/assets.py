"""The widget's script and the site's own colours."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import etag, require_safe

from assistant.help.models import HelpPage

LOADER = "help/widget.js"
CACHE_SECONDS = 3_600
COLOUR_SECONDS = 60


@cache
def loader() -> bytes:
    """The script that other sites include."""
    path = finders.find(LOADER)
    assert path, f"{LOADER} is not among the static files"
    return Path(path).read_bytes()


@require_safe
@etag(lambda request: f'"{sha256(loader()).hexdigest()[:32]}"')
def widget(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(loader(), content_type="text/javascript; charset=utf-8")
    patch_cache_control(response, public=True, max_age=CACHE_SECONDS)
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
def colours(request: HttpRequest) -> HttpResponse:
    """A stylesheet, since the policy of the pages allows no style in them."""
    page = HelpPage.objects.current()
    css = f":root {{ --brand: {page.colour}; --on-brand: {page.text_colour}; }}\n"
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    patch_cache_control(response, public=True, max_age=COLOUR_SECONDS)
    return response
