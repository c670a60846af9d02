"""The HTTP contract of /ingest, /faqs and /releases."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from faq.models import SLUG, Faq, Release


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

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # A file under a mistyped name must not mean "no file": FAQ_CSV would be read instead.
        unknown = set(self.initial_data) - set(self.fields)
        if unknown:
            raise serializers.ValidationError(dict.fromkeys(unknown, "There is no such field."))
        return attrs


class RowSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="As a spreadsheet counts; the header is row 1.")
    id = serializers.CharField()
    result = serializers.ChoiceField(choices=["added", "changed", "unchanged"])
    removed_phrasings = serializers.IntegerField(
        help_text="Alternate questions that the FAQ had and the row does not have."
    )
    personal = serializers.ListField(
        child=serializers.CharField(), help_text="Kinds of personal data in it, by field."
    )
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="Such as a text in a wrong encoding."
    )


# Describes the reply; ``views.reply_of`` makes it.
class ReportSerializer(serializers.Serializer[Any]):
    """What an ingest did, row by row."""

    release = serializers.IntegerField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    retired = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())
    removed_phrasings = serializers.IntegerField()
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="What of the file was left out."
    )
    rows = RowSerializer(many=True)


class DraftSerializer(serializers.Serializer[dict[str, Any]]):
    """A draft as a curator writes it. What is left out is empty."""

    question = serializers.CharField(max_length=500)
    answer = serializers.CharField(max_length=20_000)
    category = serializers.CharField(max_length=100, default="", allow_blank=True)
    alternates = serializers.ListField(
        child=serializers.CharField(max_length=500), max_length=200, default=list
    )
    threshold = serializers.FloatField(min_value=0, max_value=1, default=None, allow_null=True)
    margin = serializers.FloatField(min_value=0, max_value=1, default=None, allow_null=True)
    audience = serializers.CharField(
        max_length=100, default="", allow_blank=True, help_text="Empty: everybody."
    )
    owner = serializers.CharField(max_length=200, default="", allow_blank=True)
    review_by = serializers.DateField(default=None, allow_null=True)
    retired = serializers.BooleanField(default=False)

    def validate_alternates(self, alternates: list[str]) -> list[str]:
        if any("\n" in phrasing or "\r" in phrasing for phrasing in alternates):
            raise serializers.ValidationError("A phrasing is one line.")
        return alternates


class NewDraftSerializer(DraftSerializer):
    slug = serializers.RegexField(SLUG, max_length=100)


class ShownDraftSerializer(NewDraftSerializer):
    """A draft and how it stands against the live release."""

    status = serializers.ChoiceField(choices=[status.value for status in Faq.Status])
    updated = serializers.DateTimeField()
    personal = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="After a write: kinds of personal data in it, by field.",
    )


class DraftPageSerializer(serializers.Serializer[Any]):
    results = ShownDraftSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Ask again with after= this.")


class DraftFilterSerializer(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(
        choices=[status.value for status in Faq.Status], required=False
    )
    category = serializers.CharField(max_length=100, required=False)
    audience = serializers.CharField(max_length=100, required=False)
    owner = serializers.CharField(max_length=200, required=False)
    review_by = serializers.DateField(required=False, help_text="Due on this day or before.")
    q = serializers.CharField(max_length=500, required=False, help_text="Words in a text of it.")
    after = serializers.CharField(max_length=100, required=False, help_text="The last page's next.")
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class PublishSerializer(serializers.Serializer[dict[str, Any]]):
    note = serializers.CharField(max_length=500, default="", allow_blank=True)
    only = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=10_000,
        required=False,
        help_text="Slugs to publish; everything that waits, unless given.",
    )
    review = serializers.CharField(
        max_length=64, default="", allow_blank=True, help_text="What GET /releases/draft said."
    )


class RollbackSerializer(serializers.Serializer[dict[str, Any]]):
    note = serializers.CharField(max_length=500, default="", allow_blank=True)


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    live = serializers.SerializerMethodField()

    class Meta:
        model = Release
        fields = (
            *("number", "live", "note", "published_at", "published_by"),
            *("added", "changed", "retired", "embedder", "collection", "fingerprint"),
        )

    def get_live(self, release: Release) -> bool:
        live: int | None = self.context.get("live")
        return release.number == live


class ReleasePageSerializer(serializers.Serializer[Any]):
    results = ReleaseSerializer(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="Ask again with before= this.")


class ReleaseFilterSerializer(serializers.Serializer[dict[str, Any]]):
    published_by = serializers.CharField(max_length=200, required=False)
    since = serializers.DateTimeField(required=False)
    before = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class ChangeSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    change = serializers.ChoiceField(choices=["added", "changed", "gone"])
    # Not "fields": DRF keeps that name for itself.
    differs = serializers.DictField(help_text="Each field with before and after.")
    phrasings = serializers.DictField(help_text="Which were added, which are gone.")


class DifferencePageSerializer(serializers.Serializer[Any]):
    against = serializers.IntegerField(allow_null=True)
    review = serializers.CharField(help_text="For POST /releases: publish exactly this.")
    count = serializers.IntegerField()
    results = ChangeSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Ask again with after= this.")


class DifferenceFilterSerializer(serializers.Serializer[dict[str, Any]]):
    only = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=1_000
    )
    against = serializers.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        help_text="The release before it, unless given.",
    )
    after = serializers.CharField(max_length=100, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)
