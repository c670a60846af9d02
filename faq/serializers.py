"""The HTTP contract of /ingest."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class IngestOptionsSerializer(serializers.Serializer[dict[str, Any]]):
    """What a body without files can say: FAQ_CSV is read."""

    retire_missing = serializers.BooleanField(
        required=False, default=False, help_text="Retire published FAQs the file does not have."
    )


class IngestSerializer(IngestOptionsSerializer):
    """A file of FAQs, or none: then FAQ_CSV is read."""

    file = serializers.FileField(required=False, allow_empty_file=True, help_text="CSV.")
    alternates = serializers.FileField(
        required=False, allow_empty_file=True, help_text="CSV of id,alternate_question."
    )


class RowSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="As a spreadsheet counts; the header is row 1.")
    id = serializers.CharField()
    result = serializers.ChoiceField(choices=["added", "changed", "unchanged"])


# Describes the reply; ``views.told`` makes it.
class ReportSerializer(serializers.Serializer[Any]):
    """What an ingest did, row by row."""

    release = serializers.IntegerField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    retired = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())
    rows = RowSerializer(many=True)
