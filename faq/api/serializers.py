"""Requests and replies of /ingest, /faqs and /releases."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from faq.models import SLUG, Faq, Release
from faq.releases.rollback import ResetDrafts


class IngestOptionsSerializer(serializers.Serializer[dict[str, Any]]):
    """Options of an ingest; without a file, FAQ_CSV is read."""

    retire_missing = serializers.BooleanField(
        required=False, default=False, help_text="Retire published FAQs the file does not have."
    )


class IngestSerializer(IngestOptionsSerializer):
    """A file of FAQs. Without one, FAQ_CSV is read."""

    file = serializers.FileField(required=False, allow_empty_file=True, help_text="CSV.")
    alternates = serializers.FileField(
        required=False, allow_empty_file=True, help_text="CSV of id,alternate_question."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # A file in a misspelt field would be ignored and FAQ_CSV read instead.
        unknown = set(self.initial_data) - set(self.fields)
        if unknown:
            raise serializers.ValidationError(dict.fromkeys(unknown, "Unknown field."))
        return attrs


class RowSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="Row of the spreadsheet; the header is row 1.")
    faq_id = serializers.CharField()
    result = serializers.ChoiceField(choices=["added", "changed", "unchanged"])
    removed_phrasings = serializers.IntegerField(
        help_text="Alternate questions of the FAQ that the row does not have."
    )
    personal = serializers.ListField(
        child=serializers.CharField(), help_text="Kinds of personal data, by field."
    )
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="For example a text in a wrong encoding."
    )


# For the schema; ``faq.api.ingest.report_payload`` builds the reply.
class ReportSerializer(serializers.Serializer[Any]):
    """The result of an ingest, row by row."""

    release = serializers.IntegerField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    retired = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())
    removed_phrasings = serializers.IntegerField()
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="Parts of the file that were ignored."
    )
    rows = RowSerializer(many=True)


class DraftSerializer(serializers.Serializer[dict[str, Any]]):
    """A draft. Missing fields are empty."""

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
            raise serializers.ValidationError("An alternate question must be one line.")
        return alternates


class NewDraftSerializer(DraftSerializer):
    faq_id = serializers.RegexField(SLUG, max_length=100)


class DraftReplySerializer(NewDraftSerializer):
    """A draft and its status against the live release."""

    status = serializers.ChoiceField(choices=[status.value for status in Faq.Status])
    updated = serializers.DateTimeField()
    personal = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="After a write: kinds of personal data, by field.",
    )


class DraftPageSerializer(serializers.Serializer[Any]):
    results = DraftReplySerializer(many=True)
    next = serializers.CharField(
        allow_null=True, help_text="Value of `after` for the next page; null on the last page."
    )


class DraftFilterSerializer(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(
        choices=[status.value for status in Faq.Status], required=False
    )
    category = serializers.CharField(max_length=100, required=False)
    audience = serializers.CharField(max_length=100, required=False)
    owner = serializers.CharField(max_length=200, required=False)
    review_by = serializers.DateField(required=False, help_text="Review due on or before this day.")
    q = serializers.CharField(
        max_length=500,
        required=False,
        help_text="Text in the question, alternates, answer or faq_id.",
    )
    after = serializers.CharField(
        max_length=100, required=False, help_text="`next` of the previous page."
    )
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class PublishSerializer(serializers.Serializer[dict[str, Any]]):
    note = serializers.CharField(max_length=500, default="", allow_blank=True)
    only = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=10_000,
        required=False,
        help_text="The faq_ids to publish. Without it, all drafts.",
    )
    review = serializers.CharField(
        max_length=64,
        default="",
        allow_blank=True,
        help_text="`review` of GET /releases/draft: publish only if nothing changed since.",
    )


class RollbackSerializer(serializers.Serializer[dict[str, Any]]):
    note = serializers.CharField(max_length=500, default="", allow_blank=True)
    drafts = serializers.ChoiceField(
        choices=[choice.value for choice in ResetDrafts],
        default=ResetDrafts.NONE.value,
        help_text=(
            "Which drafts are also set to the release: `none`; `unedited`: unpublished edits stay; "
            "`all`: unpublished edits are lost and other FAQs are retired."
        ),
    )
    review = serializers.CharField(
        max_length=64,
        default="",
        allow_blank=True,
        help_text="`review` of GET on the same path: roll back only if nothing changed since.",
    )


class RuleSerializer(serializers.Serializer[Any]):
    threshold = serializers.FloatField(allow_null=True)
    margin = serializers.FloatField(allow_null=True)


class RuleChangeSerializer(serializers.Serializer[Any]):
    category = serializers.CharField()
    before = RuleSerializer(allow_null=True)
    after = RuleSerializer(allow_null=True)


class PolicyChangeSerializer(serializers.Serializer[Any]):
    before = serializers.CharField(help_text="Digest of a fitted policy; empty: the shipped one.")
    after = serializers.CharField(help_text="Equal to `before` if the policy stays.")


class RollbackPlanSerializer(serializers.Serializer[Any]):
    """What a rollback would change now.

    GET /releases/{number}/diff?against={live} lists the FAQs.
    """

    live = serializers.IntegerField(help_text="The release that is live now.")
    review = serializers.CharField(help_text="Send it as `review` to roll back exactly this.")
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="FAQs that are added, changed and gone."
    )
    rules = RuleChangeSerializer(many=True)
    policy = PolicyChangeSerializer()
    edits = serializers.ListField(
        child=serializers.CharField(), help_text="The FAQs with unpublished edits."
    )


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
    next = serializers.IntegerField(
        allow_null=True, help_text="Value of `before` for the next page; null on the last page."
    )


class ReleaseFilterSerializer(serializers.Serializer[dict[str, Any]]):
    published_by = serializers.CharField(max_length=200, required=False)
    since = serializers.DateTimeField(required=False)
    before = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class TextChangeSerializer(serializers.Serializer[Any]):
    """The value before and after; null: the FAQ is not in that release, or has none."""

    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)


class NumberChangeSerializer(serializers.Serializer[Any]):
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)


class FieldChangesSerializer(serializers.Serializer[Any]):
    """Only the fields that differ."""

    question = TextChangeSerializer(required=False)
    answer = TextChangeSerializer(required=False)
    category = TextChangeSerializer(required=False)
    threshold = NumberChangeSerializer(required=False)
    margin = NumberChangeSerializer(required=False)
    audience = TextChangeSerializer(required=False)


class PhrasingChangesSerializer(serializers.Serializer[Any]):
    added = serializers.ListField(child=serializers.CharField())
    gone = serializers.ListField(child=serializers.CharField())


class ChangeSerializer(serializers.Serializer[Any]):
    faq_id = serializers.CharField()
    change = serializers.ChoiceField(choices=["added", "changed", "gone"])
    # Not "fields", which is an attribute of serializers.
    differs = FieldChangesSerializer()
    phrasings = PhrasingChangesSerializer(help_text="Added and removed questions.")


class DifferencePageSerializer(serializers.Serializer[Any]):
    against = serializers.IntegerField(allow_null=True)
    review = serializers.CharField(
        help_text="Send it as `review` with POST /releases to publish exactly these changes."
    )
    count = serializers.IntegerField()
    results = ChangeSerializer(many=True)
    next = serializers.CharField(
        allow_null=True, help_text="Value of `after` for the next page; null on the last page."
    )


class DifferenceFilterSerializer(serializers.Serializer[dict[str, Any]]):
    only = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=1_000
    )
    against = serializers.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        help_text="Number of the release to compare with; by default the previous one.",
    )
    after = serializers.CharField(max_length=100, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)
