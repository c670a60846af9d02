"""URLs below /admin/tickets/inbox/. Each requires a sign-in, like those of the admin."""

from django.contrib import admin
from django.urls import path

from tickets.inbox import proposals, views

signed_in = admin.site.admin_view

urlpatterns = [
    path("", signed_in(views.inbox), name="tickets_inbox"),
    path("list/", signed_in(views.ticket_list), name="tickets_inbox_list"),
    path("<int:pk>/", signed_in(views.ticket_page), name="tickets_inbox_ticket"),
    path("<int:pk>/thread/", signed_in(views.ticket_thread), name="tickets_inbox_thread"),
    path(
        "<int:pk>/files/<int:number>/", signed_in(views.attachment), name="tickets_inbox_attachment"
    ),
    path("<int:pk>/draft/", signed_in(views.save_draft), name="tickets_inbox_draft"),
    path("<int:pk>/faqs/", signed_in(views.faqs), name="tickets_inbox_faqs"),
    path("<int:pk>/assign/", signed_in(views.assign), name="tickets_inbox_assign"),
    path("<int:pk>/phrasing/", signed_in(proposals.phrasing), name="tickets_inbox_phrasing"),
    path("<int:pk>/faq/", signed_in(proposals.new_faq), name="tickets_inbox_new_faq"),
    path("<int:pk>/merge/", signed_in(views.merge), name="tickets_inbox_merge"),
]
