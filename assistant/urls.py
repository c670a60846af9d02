from django.urls import path

from assistant.learning.api import FeedbackView
from assistant.views import AskView

urlpatterns = [
    path("ask", AskView.as_view(), name="ask"),
    path("asks/<uuid:ask_id>/feedback", FeedbackView.as_view(), name="ask-feedback"),
]
