"""/releases: review drafts, publish them, compare releases, roll back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.identity.principal import Role, principal_of
from audit.paging import first_page
from faq.api.drafts import CURATORS
from faq.api.serializers import (
    DifferenceFilterSerializer,
    DifferencePageSerializer,
    PublishSerializer,
    ReleaseFilterSerializer,
    ReleasePageSerializer,
    ReleaseSerializer,
    RollbackPlanSerializer,
    RollbackSerializer,
)
from faq.content import Change, digest_of
from faq.models import Faq, Release
from faq.releases.publishing import publish
from faq.releases.review import digest_after, release_changes, review
from faq.releases.rollback import ResetDrafts, plan_rollback, roll_back

PUBLISHERS = frozenset({Role.PUBLISHER})


class ReleasesView(APIView):
    allowed_roles = CURATORS

    @extend_schema(
        operation_id="releases_list",
        parameters=[ReleaseFilterSerializer],
        responses=ReleasePageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List releases, newest first."""
        filters = ReleaseFilterSerializer(data=request.query_params)
        filters.is_valid(raise_exception=True)
        fields = filters.validated_data
        lookups = {
            "published_by": "published_by",
            "since": "published_at__gte",
            "before": "number__lt",
        }
        conditions = {lookup: fields[name] for name, lookup in lookups.items() if name in fields}
        releases = Release.objects.filter(**conditions).order_by("-number")
        page, last = first_page(releases, fields["limit"])
        results = [release_payload(release) for release in page]
        return Response({"results": results, "next": last.number if last else None})

    @extend_schema(
        request=PublishSerializer, responses={200: ReleaseSerializer, 201: ReleaseSerializer}
    )
    def post(self, request: Request) -> Response:
        """Publish all drafts, or only some, as the next release.

        200 with the live release if nothing differs from it; 409 if someone else published in the
        meantime, or if the drafts changed since ``review``.
        """
        if not principal_of(request).has(PUBLISHERS):
            raise PermissionDenied("Only a publisher may publish a release.")
        body = PublishSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        only = fields.get("only")
        if only is not None:
            _reject_unknown(only)
        before = Release.objects.live()
        release = publish(
            actor=principal_of(request).subject,
            note=fields["note"],
            only=only,
            reviewed=fields["review"],
        )
        return Response(release_payload(release), status=_status(release, before))


class WaitingView(APIView):
    allowed_roles = CURATORS

    @extend_schema(
        operation_id="releases_draft",
        parameters=[DifferenceFilterSerializer],
        responses=DifferencePageSerializer,
    )
    def get(self, request: Request) -> Response:
        """What publishing all drafts would change, FAQ by FAQ."""
        fields = _filters(request)
        drafts = review(fields.get("only"))
        return _page(drafts.live, drafts.waiting, drafts.changes, fields)


class ReleaseView(APIView):
    allowed_roles = CURATORS

    @extend_schema(responses=ReleaseSerializer)
    def get(self, request: Request, number: int) -> Response:
        """Read one release."""
        return Response(release_payload(_release(number)))


class DifferenceView(APIView):
    allowed_roles = CURATORS

    @extend_schema(parameters=[DifferenceFilterSerializer], responses=DifferencePageSerializer)
    def get(self, request: Request, number: int) -> Response:
        """Compare a release with the previous one or, with ``against``, any other."""
        fields = _filters(request)
        release = _release(number)
        if "against" in fields:
            old: Release | None = _release(fields["against"])
        else:
            old = Release.objects.filter(number=number - 1).first()
        changes = release_changes(old, release)
        if "only" in fields:
            changes = [change for change in changes if change.slug in fields["only"]]
        by_id = {change.slug: change for change in changes}
        drafts = {change.slug: digest_after(change) for change in changes}
        return _page(old, drafts, lambda faq_ids: [by_id[faq_id] for faq_id in faq_ids], fields)


class RollbackView(APIView):
    allowed_roles = PUBLISHERS

    @extend_schema(operation_id="rollback_preview", responses=RollbackPlanSerializer)
    def get(self, request: Request, number: int) -> Response:
        """Preview a rollback to this release: what it would change now."""
        plan = plan_rollback(_release(number))
        return Response(
            {
                "live": plan.live.number,
                "review": plan.digest,
                "counts": plan.counts(),
                "rules": [asdict(change) for change in plan.rule_changes()],
                "policy": {"before": plan.live.policy, "after": plan.to.policy},
                "edits": list(plan.edits),
            }
        )

    @extend_schema(
        request=RollbackSerializer, responses={200: ReleaseSerializer, 201: ReleaseSerializer}
    )
    def post(self, request: Request, number: int) -> Response:
        """Publish the FAQs, rules and policy of this release again as a new release.

        ``drafts`` chooses which drafts are also set to it. 409 if anything changed since the
        preview with this ``review``.
        """
        body = RollbackSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        before = Release.objects.live()
        release = roll_back(
            _release(number),
            actor=principal_of(request).subject,
            note=fields["note"],
            reset=ResetDrafts(fields["drafts"]),
            reviewed=fields["review"],
        )
        return Response(release_payload(release), status=_status(release, before))


def release_payload(release: Release) -> dict[str, Any]:
    live = Release.objects.live()
    context = {"live": live.number if live else None}
    return dict(ReleaseSerializer(release, context=context).data)


def _status(release: Release, before: Release | None) -> int:
    return status.HTTP_200_OK if release == before else status.HTTP_201_CREATED


def _release(number: int) -> Release:
    release = Release.objects.filter(number=number).first()
    if release is None:
        raise NotFound(f"There is no release {number}.")
    return release


def _filters(request: Request) -> dict[str, Any]:
    filters = DifferenceFilterSerializer(data=request.query_params)
    filters.is_valid(raise_exception=True)
    fields: dict[str, Any] = filters.validated_data
    return fields


def _page(
    against: Release | None,
    drafts: Mapping[str, str | None],
    read: Callable[[list[str]], list[Change]],
    fields: dict[str, Any],
) -> Response:
    """``drafts``: the changes in the form of ``digest_of``; ``read`` reads those of one page."""
    after, limit = fields.get("after", ""), fields["limit"]
    rest = [faq_id for faq_id in sorted(drafts) if faq_id > after]
    page = rest[:limit]
    return Response(
        {
            "against": against.number if against else None,
            "review": digest_of(drafts),
            "count": len(drafts),
            "results": [change.as_dict() for change in read(page)],
            "next": page[-1] if len(rest) > limit else None,
        }
    )


def _reject_unknown(faq_ids: list[str]) -> None:
    existing = Faq.objects.filter(slug__in=faq_ids).values_list("slug", flat=True)
    unknown = set(faq_ids) - set(existing)
    if unknown:
        raise ValidationError(
            {"only": [f"There is no FAQ with the faq_id {faq_id!r}." for faq_id in sorted(unknown)]}
        )
