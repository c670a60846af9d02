"""Calls a site with the generated client; prints the operation of each call.

Arguments: the site's address, a customer's, a publisher's and a support token.
"""

from __future__ import annotations

import sys
from http import HTTPStatus

from supportsite_client import AuthenticatedClient
from supportsite_client.api.ask import ask
from supportsite_client.api.asks import give_feedback
from supportsite_client.api.audit import audit_list
from supportsite_client.api.faqs import faqs_export, faqs_list, faqs_update
from supportsite_client.api.gaps import gaps_list
from supportsite_client.api.outcomes import outcomes_read
from supportsite_client.api.releases import releases_draft
from supportsite_client.api.search import search
from supportsite_client.api.tickets import tickets_claim, tickets_create, tickets_read
from supportsite_client.models import (
    Answer,
    AnswerOutcome,
    AskRequest,
    CreatedTicket,
    DifferencePage,
    DraftPage,
    DraftReply,
    Feedback,
    GapList,
    NewFeedbackRequest,
    NewTicketRequest,
    Outcomes,
    PatchedDraftRequest,
    Problem,
    SearchResults,
    Ticket,
    TicketDetail,
)

site, *tokens = sys.argv[1:]
customer, publisher, support = (AuthenticatedClient(base_url=site, token=token) for token in tokens)

answer = ask.sync(client=customer, body=AskRequest(message="How do I reset my password?"))
assert isinstance(answer, Answer)
assert answer.outcome is AnswerOutcome.ANSWERED
assert answer.decision.confidence is not None
print("ask")

unclear = "how do i return a parcel and get my money back"
options = ask.sync(client=customer, body=AskRequest(message=unclear))
assert isinstance(options, Answer)
assert options.outcome is AnswerOutcome.CLARIFY
chosen = ask.sync(
    client=customer, body=AskRequest(message=unclear, choice=options.options[0].faq_id)
)
assert isinstance(chosen, Answer)
assert chosen.faq_id == options.options[0].faq_id
print("ask with a choice")

feedback = give_feedback.sync(answer.ask_id, client=customer, body=NewFeedbackRequest(helpful=True))
assert isinstance(feedback, Feedback)
print("give_feedback")

page = search.sync(client=customer, q="password")
assert isinstance(page, SearchResults)
assert page.results[0].faq_id == "reset-password"
print("search")

created = tickets_create.sync(client=customer, body=NewTicketRequest(message="Where is it?"))
assert isinstance(created, CreatedTicket)
print("tickets_create")

ticket = tickets_read.sync(created.id, client=customer)
assert isinstance(ticket, TicketDetail)
assert ticket.message == "Where is it?"
print("tickets_read")

claimed = tickets_claim.sync(created.id, client=support)
assert isinstance(claimed, Ticket)
print("tickets_claim")

faqs = faqs_list.sync(client=publisher, limit=2)
assert isinstance(faqs, DraftPage)
print("faqs_list")

changed = faqs_update.sync(
    "reset-password", client=publisher, body=PatchedDraftRequest(owner="kim")
)
assert isinstance(changed, DraftReply)
assert changed.alternates, "what was not sent stays"
print("faqs_update")

exported = faqs_export.sync_detailed("csv", client=publisher)
assert exported.status_code is HTTPStatus.OK
assert isinstance(exported.parsed, str)
assert "reset-password" in exported.parsed
print("faqs_export")

assert isinstance(gaps_list.sync(client=publisher), GapList)
print("gaps_list")

assert isinstance(outcomes_read.sync(client=publisher), Outcomes)
print("outcomes_read")

assert isinstance(releases_draft.sync(client=publisher), DifferencePage)
print("releases_draft")

refused = audit_list.sync_detailed(client=customer)
assert isinstance(refused.parsed, Problem)
assert refused.parsed.type_.endswith(":forbidden")
assert refused.headers["X-Request-ID"] == refused.parsed.request_id
print("audit_list is refused")
