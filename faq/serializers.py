"""The HTTP contract of /ingest."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class IngestSerializer(serializers.Serializer[dict[str, Any]]):
    file = serializers.FileField(
        required=False, allow_empty_file=True, help_text="CSV; FAQ_CSV is read if it is not given."
    )
    alternates = serializers.FileField(
        required=False, allow_empty_file=True, help_text="CSV of id,alternate_question."
    )
    retire_missing = serializers.BooleanField(
        required=False, default=False, help_text="Retire published FAQs the file does not have."
    )


class RowSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="As a spreadsheet counts; the header is row 1.")
    id = serializers.CharField()
    result = serializers.ChoiceField(choices=["added", "changed", "unchanged"])


class ReportSerializer(serializers.Serializer[Any]):
    """Describes what /ingest did; ``views.told`` makes it."""

    release = serializers.IntegerField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    retired = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())
    rows = RowSerializer(many=True)
