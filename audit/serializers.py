"""Requests and replies of /audit."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.models import Record


class RecordFilterSerializer(serializers.Serializer[dict[str, Any]]):
    action = serializers.CharField(required=False, max_length=50)
    outcome = serializers.CharField(required=False, max_length=50)
    actor = serializers.CharField(
        required=False, max_length=200, help_text="The person who did it."
    )
    user_id = serializers.CharField(
        required=False, max_length=200, help_text="The person who did it or whom it concerns."
    )
    about = serializers.CharField(
        required=False, max_length=250, help_text="The object, such as ticket:12."
    )
    request_id = serializers.CharField(required=False, max_length=64)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False, help_text="Records before this time.")


class RecordPageSerializer(RecordFilterSerializer):
    before = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="Records with a lower id."
    )
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=500)


# Not a type that refers to itself: generators of clients leave out what uses one.
@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"description": "Any JSON value: it depends on the action."},
    }
)
class DataField(serializers.DictField):
    """What an action records; it depends on the action."""


class RecordSerializer(serializers.ModelSerializer[Record]):
    user_id = serializers.CharField(
        source="subject", read_only=True, help_text="The person whom it concerns."
    )
    data = DataField(read_only=True, help_text="What the action records.")  # type: ignore[assignment]
    erased = serializers.BooleanField(
        source="is_erased", read_only=True, help_text="True if a person it names was erased."
    )

    class Meta:
        model = Record
        fields = (
            *("id", "at", "action", "outcome", "actor", "user_id", "about", "request_id"),
            *("data", "erased"),
        )


class RecordListSerializer(serializers.Serializer[Any]):
    results = RecordSerializer(many=True)
    next = serializers.IntegerField(
        allow_null=True, help_text="Send it as `before` for older records; null on the last page."
    )


class ErasureSerializer(serializers.Serializer[Any]):
    records = serializers.IntegerField(
        help_text="Audit records about the person; they stay, without name and texts."
    )
    rows = serializers.DictField(  # type: ignore[assignment]
        child=serializers.IntegerField(), help_text="Rows cleared or deleted, by table."
    )
    elsewhere = serializers.ListField(
        child=serializers.CharField(), help_text="What the operator has to erase."
    )
