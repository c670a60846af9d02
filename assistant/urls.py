from django.urls import path

from assistant.channels.views import ChannelView
from assistant.learning.api import FeedbackView, GapsView
from assistant.outcomes.api import OutcomesView
from assistant.suggestions.api import SuggestionsView
from assistant.views import AskView, SearchView

urlpatterns = [
    path("ask", AskView.as_view(), name="ask"),
    path("asks/<uuid:ask_id>/feedback", FeedbackView.as_view(), name="ask-feedback"),
    path("channels/<str:name>", ChannelView.as_view(), name="channel"),
    path("search", SearchView.as_view(), name="search"),
    path("gaps", GapsView.as_view(), name="gaps-api"),
    path("suggestions", SuggestionsView.as_view(), name="suggestions-api"),
    path("outcomes", OutcomesView.as_view(), name="outcomes-api"),
]
