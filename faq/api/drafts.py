"""/faqs: read and write drafts. /ask changes only with a release."""

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
from audit.paging import first_page
from audit.people.pseudonyms import stored_name
from faq.api.serializers import (
    DraftFilterSerializer,
    DraftPageSerializer,
    DraftReplySerializer,
    DraftSerializer,
    NewDraftSerializer,
)
from faq.content import Draft
from faq.files.personal_data import findings, redact_or_reject
from faq.files.reader import Unreadable, read_one
from faq.files.row import OWN_COLUMNS
from faq.models import Faq, FaqQuerySet
from faq.releases.drafts import draft_of, upsert
from faq.write_lock import lock_knowledge_base

FIELDS = {"id": "faq_id"}
"""The API's name of a column, if the names differ."""

CURATORS = frozenset({Role.CURATOR, Role.PUBLISHER})

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag of the draft you read."
)


class FaqExists(APIException):
    status_code = 409
    default_detail = "An FAQ with this faq_id already exists. Use PUT to replace it."


class PreconditionFailed(APIException):
    """412: the draft changed since the caller read it."""

    status_code = 412
    default_detail = "This FAQ changed since you read it. Read it again and repeat your change."


class FaqsView(APIView):
    allowed_roles = CURATORS

    @extend_schema(
        operation_id="faqs_list", parameters=[DraftFilterSerializer], responses=DraftPageSerializer
    )
    def get(self, request: Request) -> Response:
        """List drafts by faq_id, each with its status against the live release."""
        filters = DraftFilterSerializer(data=request.query_params)
        filters.is_valid(raise_exception=True)
        fields = filters.validated_data
        page, last = first_page(_filtered(fields).order_by("slug"), fields["limit"])
        results = [draft_payload(faq) for faq in page]
        return Response({"results": results, "next": last.slug if last else None})

    @extend_schema(request=NewDraftSerializer, responses={201: DraftReplySerializer})
    def post(self, request: Request) -> Response:
        """Create a draft; 409 if another FAQ has its faq_id or one of its phrasings."""
        body = NewDraftSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        faq_id = body.validated_data["faq_id"]
        draft = build_draft(faq_id, body.validated_data)
        with lock_knowledge_base():
            if Faq.objects.filter(slug=faq_id).exists():
                raise FaqExists
            upsert({faq_id: draft}, actor=principal_of(request).subject)
        return _reply(faq_id, status.HTTP_201_CREATED)


class FaqView(APIView):
    allowed_roles = CURATORS

    @extend_schema(responses=DraftReplySerializer)
    def get(self, request: Request, faq_id: str) -> Response:
        """Read one draft. Send its ETag as If-Match with your next write."""
        return _reply(faq_id)

    @extend_schema(
        request=DraftSerializer,
        responses={200: DraftReplySerializer, 201: DraftReplySerializer},
        parameters=[IF_MATCH],
    )
    def put(self, request: Request, faq_id: str) -> Response:
        """Create or replace a draft. Idempotent."""
        body = DraftSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        draft = build_draft(faq_id, body.validated_data)
        with lock_knowledge_base():
            stored = _stored(faq_id)
            _check_preconditions(request, stored)
            upsert({faq_id: draft}, actor=principal_of(request).subject)
        return _reply(faq_id, status.HTTP_200_OK if stored else status.HTTP_201_CREATED)

    @extend_schema(
        request=DraftSerializer(partial=True),
        responses=DraftReplySerializer,
        parameters=[IF_MATCH],
    )
    def patch(self, request: Request, faq_id: str) -> Response:
        """Change some fields of a draft."""
        body = DraftSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        with lock_knowledge_base():
            stored = _stored(faq_id)
            if stored is None:
                raise NotFound("There is no FAQ with this faq_id.")
            _check_preconditions(request, stored)
            draft = build_draft(faq_id, {**stored.as_dict(), **body.validated_data})
            upsert({faq_id: draft}, actor=principal_of(request).subject)
        return _reply(faq_id)

    @extend_schema(request=None, responses={204: None}, parameters=[IF_MATCH])
    def delete(self, request: Request, faq_id: str) -> Response:
        """Retire an FAQ: the next release does not have it. Its history stays."""
        with lock_knowledge_base():
            stored = _stored(faq_id)
            if stored is None:
                raise NotFound("There is no FAQ with this faq_id.")
            _check_preconditions(request, stored)
            upsert({faq_id: replace(stored, retired=True)}, actor=principal_of(request).subject)
        return Response(status=status.HTTP_204_NO_CONTENT)


def build_draft(faq_id: str, fields: Mapping[str, Any]) -> Draft:
    """A draft from validated fields, with the checks of a file's row.

    Raises ``ValidationError`` and ``PersonalData``.
    """
    cells = {
        "id": faq_id,
        **{name: fields[name] for name in ("question", "answer", "category")},
        "alternates": "\n".join(fields["alternates"]),
        **{name: _cell(fields[name]) for name in OWN_COLUMNS},
    }
    try:
        row = read_one(cells)
    except Unreadable as error:
        raise ValidationError(
            {
                FIELDS.get(problem.column or "", problem.column or ""): [problem.reason]
                for problem in error.problems
            }
        ) from None
    draft = row.draft()
    return replace(draft, content=redact_or_reject(draft.content), owner=stored_name(draft.owner))


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _filtered(fields: Mapping[str, Any]) -> FaqQuerySet:
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


def _stored(faq_id: str) -> Draft | None:
    faq = Faq.objects.filter(slug=faq_id).first()
    return draft_of(faq) if faq else None


def _check_preconditions(request: Request, stored: Draft | None) -> None:
    """If-Match and If-None-Match (RFC 9110, section 13). Raises ``PreconditionFailed``."""
    if_match, if_none_match = (
        [tag.strip() for tag in request.headers.get(name, "").split(",") if tag.strip()]
        for name in ("If-Match", "If-None-Match")
    )
    tag = f'"{stored.etag}"' if stored else None
    if if_match and (tag is None or ("*" not in if_match and tag not in if_match)):
        raise PreconditionFailed
    if if_none_match and tag is not None and ("*" in if_none_match or tag in if_none_match):
        raise PreconditionFailed


def _reply(faq_id: str, code: int = status.HTTP_200_OK) -> Response:
    faq = Faq.objects.with_status().filter(slug=faq_id).first()
    if faq is None:
        raise NotFound("There is no FAQ with this faq_id.")
    payload = {**draft_payload(faq), "personal": list(map(str, findings(faq.content())))}
    return Response(payload, status=code, headers={"ETag": f'"{draft_of(faq).etag}"'})


def draft_payload(faq: Faq) -> dict[str, Any]:
    fields = draft_of(faq).as_dict()
    return {
        "faq_id": fields.pop("slug"),
        **fields,
        "status": faq.status,
        "updated": faq.updated.isoformat(),
    }
