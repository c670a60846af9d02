"""What all pages of the help page share: language, headers, links, and readable errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.views import APIView

from assistant.help.models import HelpPage, HelpSite
from assistant.help.protection import TRAP, SentFromOwnPage, refuse_filled_trap
from assistant.help.visitor import Visitor, is_framed, visitor_of
from audit.identity import request_id

CARRIED = ("site", "lang")
"""Parameters of the address that every link and form hands on."""

RIGHT_TO_LEFT = frozenset({"ur"})


class NoHelpHere(NotFound):
    """There is no such site, or it is paused."""


class HelpView(APIView):
    """A page that people read. Errors are pages too."""

    schema = None
    parser_classes = (FormParser,)
    permission_classes = (SentFromOwnPage,)
    counts_reading = False
    """Whether a throttle counts GET requests too, because they are expensive."""

    is_typing = False
    """Whether scripts send this while a visitor types."""

    # --- Before the method --------------------------------------------------------------------

    def get_authenticators(self) -> list[Any]:
        return [import_string(name)() for name in settings.HELP_AUTHENTICATION_CLASSES]

    def get_throttles(self) -> list[Any]:
        return [import_string(settings.HELP_THROTTLE_CLASS)()]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # Browsers that ask for text/html get a page, whatever the renderers of the API are.
        return super().perform_content_negotiation(request, force=True)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override(language_of(request)):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if is_framed(request) and self.site is None:
            raise NoHelpHere
        refuse_filled_trap(request)

    # --- What a view uses ---------------------------------------------------------------------

    @cached_property
    def site(self) -> HelpSite | None:
        """The site that shows the page in a frame; None for a page of its own."""
        return HelpSite.objects.active(self.request.query_params.get("site", ""))

    @cached_property
    def visitor(self) -> Visitor | None:
        """The visitor; None before they have sent anything."""
        return visitor_of(self.request)

    @property
    def sender(self) -> Visitor:
        """The visitor who sent a POST."""
        assert self.visitor
        return self.visitor

    def link(self, name: str, *args: object, fragment: str = "", **query: str) -> str:
        """The address of another page, with this one's site and language."""
        return link(self.request, name, *args, fragment=fragment, **query)

    def page(self, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
        texts = context.get("help_page") or HelpPage.objects.current()
        language = translation.get_language()
        shared = {
            "help_page": texts,
            "language": language,
            "languages": _languages(self.request),
            "direction": direction_of(language),
            "is_framed": self.site is not None,
            "origins": " ".join(self.site.origin_list) if self.site else "",
            "visitor": self.visitor if status < 400 else None,
            "trap": TRAP,
            "carried": carried(self.request).items(),
        }
        response = render(self.request._request, template, {**shared, **context}, status=status)
        self._set_headers(response, texts)
        return response

    def moved_on(self, name: str, *args: object, fragment: str = "", **query: str) -> HttpResponse:
        """To another page after a POST, with the cookie of who sent it."""
        query["sent"] = "1"
        response = HttpResponseRedirect(self.link(name, *args, fragment=fragment, **query))
        response.status_code = 303
        self.remember(response)
        return response

    def remember(self, response: HttpResponseBase) -> None:
        self.sender.remember(response, self.request._request, framed=self.site is not None)

    # --- After the method ---------------------------------------------------------------------

    def handle_exception(self, exc: Exception) -> Any:
        """The problem document of the API as a page."""
        problem = self.problem(exc)
        if isinstance(exc, NoHelpHere):
            # Unknown and paused sites look the same.
            self.site = None
        document = json.loads(problem.content)
        document["message"] = message_of(problem.status_code, problem.headers.get("Retry-After"))
        self.visitor = None
        if problem.status_code >= 500:
            # The database may be down: without the site it could not say yet, and our own colours.
            self.__dict__.setdefault("site", None)
            document["help_page"] = HelpPage()
        response = self.page("help/problem.html", document, status=problem.status_code)
        if "Retry-After" in problem.headers:
            response["Retry-After"] = problem.headers["Retry-After"]
        return response

    def problem(self, exc: Exception) -> Any:
        """The problem document. Raises what is not expected."""
        return super().handle_exception(exc)

    def _set_headers(self, response: HttpResponse, texts: HelpPage) -> None:
        ancestors = " ".join(self.site.origin_list) if self.site else "'none'"
        response["Content-Security-Policy"] = content_policy(ancestors, texts.logo_origin)
        response["Cache-Control"] = "private, no-store"
        if self.site:
            # Browsers that know frame-ancestors ignore the older header; it would refuse all sites.
            response.xframe_options_exempt = True  # type: ignore[attr-defined]
            response["Cross-Origin-Resource-Policy"] = "cross-origin"


class NothingView(HelpView):
    """Every other address below /help/."""

    def get(self, request: Request, **_: str) -> HttpResponseBase:
        raise NotFound


def content_policy(ancestors: str, logo_origin: str) -> str:
    """Own scripts and styles only; nothing inline."""
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' {logo_origin}".strip(),
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": ancestors,
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def carried(request: Request | HttpRequest) -> dict[str, str]:
    """The parameters of this page that the next one gets too."""
    return {key: request.GET[key] for key in CARRIED if request.GET.get(key)}


def link(
    request: Request | HttpRequest, name: str, *args: object, fragment: str = "", **query: str
) -> str:
    parameters = urlencode({**carried(request), **query})
    path = reverse(f"help:{name}", args=args)
    return path + (f"?{parameters}" if parameters else "") + (f"#{fragment}" if fragment else "")


def language_of(request: HttpRequest) -> str:
    """The language of the parameter ``lang``, else the browser's."""
    chosen = request.GET.get("lang", "")
    if chosen in dict(settings.LANGUAGES):
        return chosen
    return translation.get_language_from_request(request)


def direction_of(language: str) -> str:
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def _languages(request: Request) -> list[dict[str, str]]:
    """The shipped languages, each with the address of this page in it."""
    languages = []
    for code, name in settings.LANGUAGES:
        query = request._request.GET.copy()
        query["lang"] = code
        languages.append({"code": code, "name": name, "link": f"?{query.urlencode()}"})
    return languages


def plain_page(request: HttpRequest, status: int) -> HttpResponse:
    """An error that no view of the help page handles. It needs no database."""
    language = language_of(request)
    with translation.override(language):
        context = {
            "language": language,
            "direction": direction_of(language),
            "message": message_of(status),
            "request_id": request_id.current.get(),
        }
        return render(request, "help/plain.html", context, status=status)


def message_of(status: int, retry_after: str | None = None) -> dict[str, str]:
    """Title and text of a page about an error."""
    if status == 429:
        text = _("You have sent a lot in a short time. Wait %(seconds)s seconds, then go on.")
        return {
            "title": _("Please wait a moment"),
            "text": text % {"seconds": retry_after or "60"},
        }
    messages = {
        401: (_("Your sign-in is over"), _("Sign in again on the site that you came from.")),
        403: (_("This was refused"), _("Open the help page again and send it from there.")),
        404: (_("There is nothing here"), _("The page has moved, or it is not for you.")),
    }
    if status in messages:
        title, text = messages[status]
    elif status < 500:
        title, text = _("This could not be sent"), _("Go back and correct it.")
    else:
        title, text = _("Help is not available right now"), _("Nothing was lost. Try again soon.")
    return {"title": title, "text": text}
