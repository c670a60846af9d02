"""POST /dev/token: a token without a password, for development. Only with DEBUG."""

from __future__ import annotations

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.fields import SubjectField
from audit.identity.principal import Role
from audit.models import record
from supportsite.auth.authentication import issue
from supportsite.web.parsers import BoundedJSONParser

LIFETIME = 12 * 3600
"""Seconds."""


class DevTokenSerializer(serializers.Serializer[dict[str, str]]):
    username = SubjectField()
    role = serializers.ChoiceField(choices=[role.value for role in Role])


class TokenSerializer(serializers.Serializer[dict[str, str]]):
    token = serializers.CharField()


class DevTokenView(APIView):
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (BoundedJSONParser, FormParser, MultiPartParser)

    @extend_schema(request=DevTokenSerializer, responses=TokenSerializer)
    def post(self, request: Request) -> Response:
        request_data = DevTokenSerializer(data=request.data)
        request_data.is_valid(raise_exception=True)
        username, role = (
            request_data.validated_data["username"],
            request_data.validated_data["role"],
        )
        with transaction.atomic():
            record("token.issued", actor=username, data={"role": role})
            token = issue(username, [role], seconds=LIFETIME)
        return Response({"token": token})
