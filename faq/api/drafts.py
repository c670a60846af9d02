"""/faqs: drafts for programs. What /ask uses changes only with a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.identity.principal import Role, principal_of
from audit.people.pseudonyms import stored_name
from faq.api.serializers import (
    DraftFilterSerializer,
    DraftPageSerializer,
    DraftSerializer,
    NewDraftSerializer,
    ShownDraftSerializer,
)
from faq.content import Draft
from faq.files.personal_data import admitted, findings
from faq.files.reader import Unreadable, read_one
from faq.files.row import OWN_COLUMNS
from faq.models import Faq, FaqQuerySet
from faq.releases.drafts import draft_of, put
from faq.releases.publishing import writing

CURATORS = frozenset({Role.CURATOR, Role.PUBLISHER})

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag it was read with."
)


class Exists(APIException):
    status_code = 409
    default_detail = "There is an FAQ with this slug already."


class Outdated(APIException):
    """412: what the caller read is not what is there now."""

    status_code = 412
    default_detail = "Somebody changed this FAQ since you read it; read it again."


class FaqsView(APIView):
    allowed_roles = CURATORS

    @extend_schema(
        operation_id="faqs_list", parameters=[DraftFilterSerializer], responses=DraftPageSerializer
    )
    def get(self, request: Request) -> Response:
        """Drafts by slug, with how they stand against the live release."""
        wanted = DraftFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        page = list(_chosen(fields).order_by("slug")[: fields["limit"] + 1])
        more = len(page) > fields["limit"]
        page = page[: fields["limit"]]
        return Response(
            {"results": [shown(faq) for faq in page], "next": page[-1].slug if more else None}
        )

    @extend_schema(request=NewDraftSerializer, responses={201: ShownDraftSerializer})
    def post(self, request: Request) -> Response:
        """Add a draft; 409 if the slug or one of its phrasings is taken."""
        wanted = NewDraftSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        slug = wanted.validated_data["slug"]
        draft = drafted(slug, wanted.validated_data)
        with writing():
            if Faq.objects.filter(slug=slug).exists():
                raise Exists
            put({slug: draft}, actor=principal_of(request).subject)
        return _reply(slug, status.HTTP_201_CREATED)


class FaqView(APIView):
    allowed_roles = CURATORS

    @extend_schema(responses=ShownDraftSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """One draft; its ETag guards the next write."""
        return _reply(slug)

    @extend_schema(
        request=DraftSerializer,
        responses={200: ShownDraftSerializer, 201: ShownDraftSerializer},
        parameters=[IF_MATCH],
    )
    def put(self, request: Request, slug: str) -> Response:
        """Make the draft say exactly this, also if there is none; repeating it changes nothing."""
        wanted = DraftSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        draft = drafted(slug, wanted.validated_data)
        with writing():
            stored = _stored(slug)
            _check(request, stored)
            put({slug: draft}, actor=principal_of(request).subject)
        return _reply(slug, status.HTTP_200_OK if stored else status.HTTP_201_CREATED)

    @extend_schema(
        request=DraftSerializer(partial=True),
        responses=ShownDraftSerializer,
        parameters=[IF_MATCH],
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change the given fields of a draft."""
        wanted = DraftSerializer(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        with writing():
            stored = _stored(slug)
            if stored is None:
                raise NotFound("There is no such FAQ.")
            _check(request, stored)
            draft = drafted(slug, {**stored.as_dict(), **wanted.validated_data})
            put({slug: draft}, actor=principal_of(request).subject)
        return _reply(slug)

    @extend_schema(request=None, responses={204: None}, parameters=[IF_MATCH])
    def delete(self, request: Request, slug: str) -> Response:
        """Retire it: the next release goes without it, its history stays."""
        with writing():
            stored = _stored(slug)
            if stored is None:
                raise NotFound("There is no such FAQ.")
            _check(request, stored)
            put({slug: replace(stored, retired=True)}, actor=principal_of(request).subject)
        return Response(status=status.HTTP_204_NO_CONTENT)


def drafted(slug: str, fields: Mapping[str, Any]) -> Draft:
    """A draft from validated fields, checked as a row of a file is. Raises ``PersonalData``."""
    cells = {
        "id": slug,
        **{name: fields[name] for name in ("question", "answer", "category")},
        "alternates": "\n".join(fields["alternates"]),
        **{name: _cell(fields[name]) for name in OWN_COLUMNS},
    }
    try:
        row = read_one(cells)
    except Unreadable as found:
        raise ValidationError(
            {problem.column or "": [problem.reason] for problem in found.problems}
        ) from None
    draft = row.draft()
    return replace(draft, content=admitted(draft.content), owner=stored_name(draft.owner))


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _chosen(fields: Mapping[str, Any]) -> FaqQuerySet:
    faqs: FaqQuerySet = Faq.objects.with_status().prefetch_related("alternates")
    lookups = {
        **{name: name for name in ("status", "category", "audience", "owner")},
        "review_by": "review_by__lte",
        "after": "slug__gt",
    }
    faqs = faqs.filter(
        **{lookup: fields[name] for name, lookup in lookups.items() if name in fields}
    )
    if "q" in fields:
        words = fields["q"]
        alternates = Faq.objects.filter(alternates__text__icontains=words).values("pk")
        texts = Q(question__icontains=words) | Q(answer__icontains=words) | Q(pk__in=alternates)
        faqs = faqs.filter(texts | Q(slug__icontains=words))
    return faqs


def _stored(slug: str) -> Draft | None:
    faq = Faq.objects.filter(slug=slug).first()
    return draft_of(faq) if faq else None


def _check(request: Request, stored: Draft | None) -> None:
    """The conditions of RFC 9110, section 13, that guard a write."""
    if_match, if_none_match = (
        [tag.strip() for tag in request.headers.get(name, "").split(",") if tag.strip()]
        for name in ("If-Match", "If-None-Match")
    )
    tag = f'"{stored.etag}"' if stored else None
    if if_match and (tag is None or ("*" not in if_match and tag not in if_match)):
        raise Outdated
    if if_none_match and tag is not None and ("*" in if_none_match or tag in if_none_match):
        raise Outdated


def _reply(slug: str, code: int = status.HTTP_200_OK) -> Response:
    faq = Faq.objects.with_status().filter(slug=slug).first()
    if faq is None:
        raise NotFound("There is no such FAQ.")
    told = {**shown(faq), "personal": [str(each) for each in findings(faq.content())]}
    return Response(told, status=code, headers={"ETag": f'"{draft_of(faq).etag}"'})


def shown(faq: Faq) -> dict[str, Any]:
    return {**draft_of(faq).as_dict(), "status": faq.status, "updated": faq.updated.isoformat()}
