"""GET /outcomes: the same figures as the desk's page, for programs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistant.outcomes import figures
from assistant.outcomes.needs import End
from assistant.outcomes.selection import Selection
from audit.identity.principal import Role


class PeriodSerializer(serializers.Serializer[Any]):
    category = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of the FAQ of the last ask.",
    )
    audience = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of the person who asked.",
    )

    def get_fields(self) -> dict[str, Any]:
        first = serializers.DateField(required=False, help_text="First day; default: 28 days.")
        last = serializers.DateField(required=False, help_text="Last day; default: today.")
        return {"from": first, "to": last, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            selection = Selection.between(
                *(attrs.get("from"), attrs.get("to")), attrs["category"], attrs["audience"]
            )
        except ValueError as error:
            field = str(error).partition(" ")[0]
            raise serializers.ValidationError({field: str(error)}) from None
        return {**attrs, "selection": selection}


class RateSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    total = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True, help_text="0..1; null if total is under 20.")
    interval = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="The 95 % interval; null if total is 400 or more, or under 20.",
    )


def _counts(help_text: str) -> serializers.DictField:
    return serializers.DictField(child=serializers.IntegerField(), help_text=help_text)


class RatesSerializer(serializers.Serializer[Any]):
    """How needs ended, of all or of one channel."""

    open = serializers.IntegerField(help_text="In no rate.")
    ends = _counts(f"Closed needs by end: {', '.join(End)}.")
    anonymous = _counts("Needs of anonymous visitors by end.")
    resolution = RateSerializer()
    confirmed = RateSerializer()
    deflection = RateSerializer()
    abandonment = RateSerializer()
    escalation = RateSerializer()
    rejection = RateSerializer()
    coverage = RateSerializer()


class NeedFiguresSerializer(RatesSerializer):
    to = serializers.DateField()
    needs = serializers.IntegerField(help_text="Without those of anonymous visitors.")
    precision = RateSerializer()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(), **super().get_fields()}


class ChannelFiguresSerializer(RatesSerializer):
    name = serializers.CharField(
        help_text="api, help, mail, or the name of a channel; empty where it was not recorded."
    )
    needs = serializers.IntegerField(help_text="By their first ask; without anonymous visitors.")


class TicketFiguresSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    opened = serializers.IntegerField()
    replied = serializers.IntegerField()
    resolved = serializers.IntegerField()
    first_reply_seconds = serializers.IntegerField(allow_null=True, help_text="The median.")
    resolution_seconds = serializers.IntegerField(allow_null=True, help_text="The median.")
    sla = RateSerializer(help_text="Resolved in time, of those resolved or overdue.")


class OutcomesSerializer(NeedFiguresSerializer):
    """The figures of a period and of the period before it."""

    category = serializers.CharField()
    audience = serializers.CharField()
    escalations = _counts("Escalated needs by the ticket's reason.")
    channels = ChannelFiguresSerializer(many=True)
    tickets = TicketFiguresSerializer()
    previous = NeedFiguresSerializer()


class OutcomesView(APIView):
    allowed_roles = frozenset({Role.SUPPORT, Role.CURATOR, Role.PUBLISHER})

    @extend_schema(
        operation_id="outcomes", parameters=[PeriodSerializer], responses=OutcomesSerializer
    )
    def get(self, request: Request) -> Response:
        """The outcomes of a period: needs by their end, rates, tickets."""
        serializer = PeriodSerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        return Response(figures.report(serializer.validated_data["selection"]))
