"""The OpenAPI description: names, summaries, examples and problems of every operation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from supportsite.web.problems import CONTENT_TYPE, phrase_of, problem_type

Operation = dict[str, Any]

OPERATIONS: dict[tuple[str, str], tuple[str, str]] = {
    ("POST", "/ask"): ("ask", "Ask a question"),
    ("POST", "/asks/{ask_id}/feedback"): ("give_feedback", "Say whether an answer helped"),
    ("POST", "/channels/{name}"): ("channels_receive", "Hand over a message of a person"),
    ("GET", "/search"): ("search", "Find published FAQs"),
    ("GET", "/audit"): ("audit_list", "List audit records"),
    ("GET", "/audit.jsonl"): ("audit_export", "Download audit records as JSON lines"),
    ("GET", "/faqs"): ("faqs_list", "List drafts"),
    ("POST", "/faqs"): ("faqs_create", "Add a draft"),
    ("GET", "/faqs.{kind}"): ("faqs_export", "Download all drafts as a file"),
    ("GET", "/faqs/{faq_id}"): ("faqs_read", "Read a draft"),
    ("PUT", "/faqs/{faq_id}"): ("faqs_replace", "Write a whole draft"),
    ("PATCH", "/faqs/{faq_id}"): ("faqs_update", "Change fields of a draft"),
    ("DELETE", "/faqs/{faq_id}"): ("faqs_retire", "Retire an FAQ"),
    ("GET", "/gaps"): ("gaps_list", "List groups of questions without an answer"),
    ("POST", "/imports"): ("imports_create", "Preview or import a file of FAQs"),
    ("POST", "/ingest"): ("ingest", "Import and publish a file of FAQs"),
    ("GET", "/jobs/{job_id}"): ("jobs_read", "Read the progress of an import"),
    ("GET", "/outcomes"): ("outcomes_read", "Read the figures of a period"),
    ("GET", "/releases"): ("releases_list", "List releases"),
    ("POST", "/releases"): ("releases_publish", "Publish drafts as a release"),
    ("GET", "/releases/{number}"): ("releases_read", "Read a release"),
    ("GET", "/releases/{number}/diff"): ("releases_compare", "Compare two releases"),
    ("GET", "/releases/{number}/rollback"): ("rollback_preview", "Preview a roll-back"),
    ("POST", "/releases/{number}/rollback"): ("rollback", "Roll back to a release"),
    ("GET", "/releases/draft"): ("releases_draft", "List what the next release would change"),
    ("GET", "/suggestions"): ("suggestions_list", "List suggested phrasings"),
    ("GET", "/tickets"): ("tickets_list", "List tickets"),
    ("POST", "/tickets"): ("tickets_create", "Open a ticket"),
    ("GET", "/tickets.csv"): ("tickets_export", "Download tickets as CSV"),
    ("GET", "/tickets/{id}"): ("tickets_read", "Read a ticket"),
    ("PATCH", "/tickets/{id}"): ("tickets_update", "Change fields of a ticket"),
    ("POST", "/tickets/{id}/attachments"): ("attachments_create", "Attach a file"),
    ("GET", "/tickets/{id}/attachments/{number}"): ("attachments_read", "Download a file"),
    ("POST", "/tickets/{id}/claim"): ("tickets_claim", "Assign a ticket to oneself"),
    ("POST", "/tickets/{id}/close"): ("tickets_close", "Close a ticket"),
    ("GET", "/tickets/{id}/comments"): ("comments_list", "List the comments of a ticket"),
    ("POST", "/tickets/{id}/comments"): ("comments_create", "Add a comment"),
    ("POST", "/tickets/{id}/reopen"): ("tickets_reopen", "Open a resolved or closed ticket again"),
    ("POST", "/tickets/{id}/resolve"): ("tickets_resolve", "Mark a ticket as resolved"),
    ("POST", "/tickets/{id}/resume"): ("tickets_resume", "Resume a waiting ticket"),
    ("POST", "/tickets/{id}/wait"): ("tickets_wait", "Wait for the customer"),
    ("POST", "/dev/token"): ("dev_token", "Make a token, with DEBUG only"),
    ("DELETE", "/people/{user_id}"): ("people_erase", "Erase a person's data"),
}
"""The operation id, which becomes a function's name in clients, and the summary."""

REQUEST_EXAMPLES: dict[str, dict[str, Any]] = {
    "AskRequest": {"message": "How do I reset my password?", "conversation_id": "c1"},
    "ChannelMessageRequest": {
        "id": "m-1001",
        "sender": "customer-17",
        "thread": "chat-5",
        "text": "How do I reset my password?",
    },
    "NewFeedbackRequest": {"helpful": False, "reason": "outdated", "comment": "The link is old."},
    "NewTicketRequest": {"message": "Where is my parcel?", "priority": "normal", "tags": ["post"]},
    "PatchedAmendRequest": {"priority": "high", "category": "delivery"},
    "NewCommentRequest": {"text": "It is number 1234.", "internal": False},
    "NewDraftRequest": {
        "faq_id": "umbrellas",
        "question": "Do you lend umbrellas?",
        "answer": "Yes, at the desk.",
        "alternates": ["Can I borrow an umbrella?"],
    },
    "DraftRequest": {"question": "Do you lend umbrellas?", "answer": "Yes, at the desk."},
    "PatchedDraftRequest": {"answer": "Yes, at the desk, for a day."},
    "PublishRequest": {"note": "Umbrellas"},
    "RollbackRequest": {"note": "Umbrellas come back later"},
}
"""By the component of the request body; a file upload has none."""

REPLY_EXAMPLES: dict[str, Any] = json.loads(
    Path(__file__).with_name("reply_examples.json").read_text()
)
"""By operation id and status, from a site of the tests: ``supportsite/tests/reply_scenario.py``."""

PARAMETER_EXAMPLES: dict[str, Any] = {
    "ask_id": "0b6f8a0e-4b3c-4d69-9c3c-6d5a2f8f1d11",
    "job_id": "f1c6ad0e-27a5-4bb5-a3b6-0d4a0ce8d0f3",
    "faq_id": "reset-password",
    "id": 1,
    "number": 1,
    "kind": "csv",
    "q": "password",
    "user_id": "customer-17",
    "name": "shop",
    "Webhook-Timestamp": 1796030000,
    "Webhook-Signature": "v1=5f0c…",
}
"""Of parameters that are required."""

HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {"description": "The id of the request in logs and audit records."},
    "RateLimit": {"description": 'What is left: `"subject";r=<requests>;t=<seconds>`.'},
    "RateLimit-Policy": {"description": 'The limit: `"subject";q=<requests>;w=<seconds>`.'},
    "Retry-After": {"description": "Seconds to wait."},
}
"""Headers of replies; a limited reply has the two of the IETF's draft on rate limits."""

CONFLICT_FREE = {"ask", "give_feedback", "channels_receive"}
"""Operations that change state and never answer 409."""

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457, with the id of the request and, for bad input, the fields.",
    "properties": {
        "type": {"type": "string", "description": "Tells problems apart; one for each status."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "reason": {"type": "string"},
                    "row": {"type": ["integer", "null"]},
                    "column": {"type": ["string", "null"]},
                },
                "additionalProperties": True,
            },
        },
    },
    "required": ["type", "title", "status", "detail", "request_id"],
}


def describe_operations(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Name every operation, and add its examples, headers and problems.

    A post-processing hook of drf-spectacular. Raises ``KeyError`` for an operation that
    ``OPERATIONS`` does not name.
    """
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    if "Decision" in schemas:
        schemas["RecordedDecision"] = _as_recorded(schemas["Decision"])
    for name, schema in schemas.items():
        _describe_defaults(schema, is_reply=not name.endswith("Request"))
    components["headers"] = {
        name: {**header, "schema": {"type": "string"}} for name, header in HEADERS.items()
    }
    components["responses"] = {
        **{_problem_name(status): _problem(status) for status in _PROBLEMS},
        "OtherProblem": _problem(None),
    }
    for path, operations in result.get("paths", {}).items():
        for method, operation in operations.items():
            _describe(operation, method.upper(), path)
    return result


def _is_file(content: dict[str, Any]) -> bool:
    return bool(content["schema"].get("format") == "binary")


def _as_recorded(decision: dict[str, Any]) -> dict[str, Any]:
    """Records of earlier versions may lack fields."""
    members = {name: value for name, value in decision.items() if name != "required"}
    return {
        **members,
        "description": "The decision as recorded; earlier versions had fewer fields.",
    }


def _describe_defaults(schema: dict[str, Any], *, is_reply: bool) -> None:
    """Move the defaults of a request into its descriptions; a reply has these fields always.

    Generators of clients make a field with a default required, or send the default: with PATCH it
    would overwrite what is there.
    """
    for name, field in schema.get("properties", {}).items():
        if "default" not in field:
            continue
        default = field.pop("default")
        if is_reply:
            schema["required"] = sorted({*schema.get("required", ()), name})
        elif default not in (None, "", []):
            text = f"Default: {json.dumps(default)}."
            field["description"] = "\n\n".join(filter(None, [field.get("description"), text]))


_PROBLEMS = (400, 401, 403, 404, 409, 412, 422, 429, 503)


def _describe(operation: Operation, method: str, path: str) -> None:
    operation["operationId"], operation["summary"] = OPERATIONS[method, path]
    for parameter in operation.get("parameters", []):
        if parameter["schema"].get("default") == "":
            del parameter["schema"]["default"]
        if parameter.get("required") and parameter["name"] in PARAMETER_EXAMPLES:
            parameter["example"] = PARAMETER_EXAMPLES[parameter["name"]]
    for status, response in operation["responses"].items():
        example = REPLY_EXAMPLES.get(f"{operation['operationId']} {status}")
        for content in response.get("content", {}).values():
            if example is not None and not _is_file(content):
                content["example"] = example
        response.setdefault("headers", {}).update(
            {name: _reference("headers", name) for name in HEADERS if name != "Retry-After"}
        )
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        if name in REQUEST_EXAMPLES:
            content["example"] = REQUEST_EXAMPLES[name]
    for status in _statuses(operation, method, path):
        operation["responses"].setdefault(
            str(status), _reference("responses", _problem_name(status))
        )
    operation["responses"].setdefault("4XX", _reference("responses", "OtherProblem"))


def _statuses(operation: Operation, method: str, path: str) -> list[int]:
    """The problems that this operation may answer with; others are rare and under 4XX."""
    parameters = operation.get("parameters", [])
    statuses = {401, 403, 429, 503}
    if parameters or "requestBody" in operation:
        statuses.add(400)
    if "{" in path:
        statuses.add(404)
    if method != "GET":
        statuses.add(422)
        if operation["operationId"] not in CONFLICT_FREE:
            statuses.add(409)
    if any(parameter["name"] == "If-Match" for parameter in parameters):
        statuses.add(412)
    return sorted(statuses)


def _problem(status: int | None) -> dict[str, Any]:
    """The description of a problem document; None: of any other status."""
    schema = _reference("schemas", "Problem")
    headers = [name for name in HEADERS if name != "Retry-After" or status in (429, 503)]
    content: dict[str, Any] = {"schema": schema}
    phrase = "Another problem"
    if status is not None:
        phrase = phrase_of(status)
        content["example"] = {
            "type": problem_type(status),
            "title": phrase,
            "status": status,
            "detail": f"{phrase}.",
            "request_id": "3f2c8a5e",
        }
    return {
        "description": f"{phrase}.",
        "headers": {name: _reference("headers", name) for name in headers},
        "content": {CONTENT_TYPE: content},
    }


def _problem_name(status: int) -> str:
    return phrase_of(status).title().replace(" ", "")


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
