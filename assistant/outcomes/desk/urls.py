"""Addresses of the pages of outcomes."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from assistant.outcomes.desk import pages, sample_pages

_view = admin.site.admin_view
urlpatterns = [
    path("", _view(pages.outcomes_page), name="outcomes"),
    path("mail/", _view(pages.weekly_mail), name="outcome-mail"),
    path("rows/<slug:figure>/", _view(pages.rows_page), name="outcome-rows"),
    path("needs/<uuid:pk>/", _view(pages.need_page), name="outcome-need"),
    path("rows/<slug:figure>.csv", _view(pages.rows_csv), name="outcome-rows-csv"),
    path("sample/", _view(sample_pages.sample_page), name="outcome-sample"),
    path("sample/labels.csv", _view(sample_pages.labels_csv), name="outcome-labels"),
    path("sample/<uuid:ask_id>/", _view(sample_pages.judge), name="outcome-judge"),
]
