"""Addresses of the help page, below /help/."""

from __future__ import annotations

from django.contrib.sitemaps.views import sitemap
from django.urls import path

from assistant.help.assets import colours
from assistant.help.faq_views import FaqSitemap, FaqsView, FaqView, QuestionsView
from assistant.help.page import NothingView
from assistant.help.ticket_views import ContactView, TicketsView, TicketView
from assistant.help.views import AskView, ConversationView, FeedbackView, SignOutView

app_name = "help"
urlpatterns = [
    path("", ConversationView.as_view(), name="conversation"),
    path("ask/", AskView.as_view(), name="ask"),
    path("asks/<uuid:ask_id>/feedback/", FeedbackView.as_view(), name="feedback"),
    path("sign-out/", SignOutView.as_view(), name="sign-out"),
    path("contact/", ContactView.as_view(), name="contact"),
    path("tickets/", TicketsView.as_view(), name="tickets"),
    path("tickets/<int:pk>/", TicketView.as_view(), name="ticket"),
    path("questions/", QuestionsView.as_view(), name="questions"),
    path("faqs/", FaqsView.as_view(), name="faqs"),
    path("faqs/<str:faq_id>/", FaqView.as_view(), name="faq"),
    path("colours.css", colours, name="colours"),
    path("sitemap.xml", sitemap, {"sitemaps": {"faqs": FaqSitemap}}, name="sitemap"),
    # With a slash, so that Django still adds one where it is missing.
    path("<path:unknown>/", NothingView.as_view()),
]
