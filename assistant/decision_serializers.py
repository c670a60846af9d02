"""Describes the ``decision`` of a reply: what ``Decision.as_dict`` and the steps make.

Only for the schema. A test compares it with replies, field by field.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assistant.agent.reasons import AgentReason
from assistant.decision.reasons import Reason
from assistant.grounding.grounds import Grounds
from assistant.meaning.wording import Rule
from assistant.text.intents import Intent


def _choices(values: Any) -> list[str]:
    return [member.value for member in values]


class CorrectionSerializer(serializers.Serializer[Any]):
    """A corrected word."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # "from" is a keyword of Python.
        return {"from": serializers.CharField(), "to": serializers.CharField()}


class ConflictSerializer(serializers.Serializer[Any]):
    """The words that differ in the question and in the phrasing that matched it."""

    rule = serializers.ChoiceField(choices=_choices(Rule))
    question = serializers.CharField()
    phrasing = serializers.CharField()


class CoefficientsSerializer(serializers.Serializer[Any]):
    """confidence = sigmoid(similarity * s + lead * l + log_vote * ln(vote) + bias)."""

    similarity = serializers.FloatField()
    lead = serializers.FloatField()
    bias = serializers.FloatField()
    log_vote = serializers.FloatField(required=False)


class PolicySerializer(serializers.Serializer[Any]):
    """The numbers of the rule: with the features, enough to recompute the decision."""

    name = serializers.CharField()
    threshold = serializers.FloatField()
    margin = serializers.FloatField()
    answer_at = serializers.FloatField(required=False, help_text="Answers from this confidence on.")
    ask_at = serializers.FloatField(required=False, help_text="Asks back from this confidence on.")
    coefficients = CoefficientsSerializer(required=False)


class FeaturesSerializer(serializers.Serializer[Any]):
    """What the confidence is computed from."""

    similarity = serializers.FloatField(allow_null=True, help_text="Cosine, -1..1.")
    lead = serializers.FloatField(allow_null=True)
    vote = serializers.FloatField(allow_null=True, help_text="Of the release's classifier, 0..1.")
    exact = serializers.BooleanField(help_text="The message is a phrasing of the FAQ.")


class MatchSerializer(FeaturesSerializer):
    """An FAQ by its closest phrasing."""

    faq_id = serializers.CharField()
    phrasing = serializers.CharField()
    similarity = serializers.FloatField(help_text="Cosine, -1..1.")
    confidence = serializers.FloatField(allow_null=True, help_text="Probability, 0..1.")


class StepMatchSerializer(serializers.Serializer[Any]):
    """An FAQ that a step of the path names."""

    faq_id = serializers.CharField()
    phrasing = serializers.CharField(required=False)
    similarity = serializers.FloatField()


class SearchArgumentsSerializer(serializers.Serializer[Any]):
    question = serializers.CharField()
    limit = serializers.IntegerField()


class StepSerializer(serializers.Serializer[Any]):
    """A step of the decision. Which of the other fields it has depends on the step."""

    step = serializers.ChoiceField(
        choices=[
            *("embed", "match", "match_second_language", "search_answers"),
            *("agent", "rewrite", "model_request", "tool_call", "ground"),
        ]
    )
    ms = serializers.FloatField(required=False, help_text="Milliseconds.")
    degraded = serializers.CharField(
        required=False, help_text="A dependency that was unavailable, as in the reply."
    )
    matches = StepMatchSerializer(many=True, required=False)
    cached = serializers.BooleanField(required=False, help_text="embed: known from before.")
    reason = serializers.ChoiceField(
        choices=_choices(AgentReason), required=False, help_text="agent: how its run ended."
    )
    model = serializers.CharField(required=False)
    input_tokens = serializers.IntegerField(required=False)
    output_tokens = serializers.IntegerField(required=False)
    tool_calls = serializers.IntegerField(required=False)
    reasoning = serializers.CharField(required=False, help_text="model_request: redacted.")
    error = serializers.CharField(required=False)
    question = serializers.CharField(required=False, help_text="rewrite: the new question.")
    tool = serializers.CharField(required=False)
    arguments = SearchArgumentsSerializer(required=False)
    returned = StepMatchSerializer(many=True, required=False)
    grounds = serializers.ChoiceField(choices=_choices(Grounds), required=False)
    cited = serializers.ListField(child=serializers.CharField(), required=False)


class _DecidedSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=_choices(Reason))
    threshold = serializers.FloatField()
    threshold_from = serializers.CharField(help_text="policy, or the FAQ or category that sets it.")
    margin = serializers.FloatField()
    margin_from = serializers.CharField(help_text="policy, or the FAQ or category that sets it.")
    lead = serializers.FloatField(
        allow_null=True, help_text="Similarity of the closest FAQ minus that of the next."
    )
    confidence = serializers.FloatField(
        allow_null=True, help_text="Probability, 0..1, that the closest FAQ answers."
    )
    features = FeaturesSerializer()
    closest = MatchSerializer(allow_null=True)
    conflict = ConflictSerializer(allow_null=True)


class PartSerializer(_DecidedSerializer):
    """One of several sentences of a message, with its own decision."""

    question = serializers.CharField()
    asks = serializers.BooleanField(help_text="It is a question, not a statement.")


class DecisionSerializer(_DecidedSerializer):
    """The reason of the outcome, the numbers that decided, and the steps."""

    policy = PolicySerializer()
    least_lead = serializers.FloatField()
    options = MatchSerializer(many=True)
    part = serializers.CharField(help_text="The sentence that is answered, if only one is.")
    parts = PartSerializer(many=True)
    mention = serializers.CharField(
        allow_null=True, help_text="The faq_id of an FAQ that the message names."
    )
    intent = serializers.ChoiceField(choices=_choices(Intent), allow_null=True)
    corrected = CorrectionSerializer(many=True)
    path = StepSerializer(many=True)
