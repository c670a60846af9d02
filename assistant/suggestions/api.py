"""GET /suggestions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistant.suggestions.rows import FILTERS, chosen_suggestions, rows
from audit.identity.principal import Role

MAX_PAGE_SIZE = 100


class SuggestionFilterSerializer(serializers.Serializer[Any]):
    show = serializers.ChoiceField(
        choices=list(FILTERS),
        default="ready",
        help_text="ready: enough people stand for it; growing: not yet; or what became of it.",
    )
    offset = serializers.IntegerField(min_value=0, max_value=100_000, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=25)


class ChangedQuestionSerializer(serializers.Serializer[Any]):
    question = serializers.CharField(help_text="With personal data masked.")
    labelled = serializers.BooleanField(help_text="A labelled question; else an ask.")
    before = serializers.CharField(help_text="The ids of the FAQs that answer, or an outcome.")
    after = serializers.CharField()
    expected = serializers.CharField(allow_null=True, help_text="null if nobody said.")
    wrong = serializers.BooleanField(help_text="Somebody said that another FAQ answers it.")
    people = serializers.IntegerField(help_text="Who asked it.")


class ProofSerializer(serializers.Serializer[Any]):
    """What the phrasing would change, by the labelled questions and the asks of 28 days."""

    release = serializers.IntegerField()
    questions = serializers.IntegerField(help_text="Near enough to the text to be decided about.")
    answered = serializers.IntegerField(help_text="Answered with it and not without.")
    wrong = serializers.IntegerField(help_text="Newly answered, or flipped, and known to be wrong.")
    flips = serializers.IntegerField(help_text="Answered by another FAQ before.")
    changes = ChangedQuestionSerializer(many=True, help_text="The flips and the wrong ones.")


class SuggestionSerializer(serializers.Serializer[Any]):
    """A phrasing proposed for an FAQ."""

    id = serializers.IntegerField()
    faq_id = serializers.CharField()
    text = serializers.CharField(help_text="With personal data masked; empty once erased.")
    asks = serializers.IntegerField()
    people = serializers.IntegerField()
    picked = serializers.IntegerField(help_text="Asks that picked the FAQ from options.")
    resolved = serializers.IntegerField(help_text="Asks that support answered with it.")
    helpful = serializers.IntegerField(help_text="Asks that rated it helpful on a near tie.")
    lead = serializers.FloatField(
        allow_null=True, help_text="How much nearer the text is to the FAQ than to any other."
    )
    nearest_other = serializers.CharField(allow_null=True, help_text="The nearest other faq_id.")
    phrasing_of = serializers.CharField(
        allow_null=True, help_text="Another FAQ that has this phrasing: it cannot be accepted."
    )
    status = serializers.CharField()
    proof = ProofSerializer(allow_null=True)


class SuggestionListSerializer(serializers.Serializer[Any]):
    suggestions = SuggestionSerializer(many=True)


class SuggestionsView(APIView):
    allowed_roles = frozenset({Role.CURATOR, Role.PUBLISHER})

    @extend_schema(
        operation_id="suggestions_list",
        parameters=[SuggestionFilterSerializer],
        responses=SuggestionListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Phrasings that people and support stand for, those of most people first."""
        serializer = SuggestionFilterSerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        chosen = chosen_suggestions(fields["show"])
        page = chosen[fields["offset"] : fields["offset"] + fields["limit"]]
        return Response({"suggestions": [row.as_dict() for row in rows(list(page))]})
