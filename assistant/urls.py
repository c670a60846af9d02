from django.urls import path

from assistant.views import AskView

urlpatterns = [path("ask", AskView.as_view(), name="ask")]
