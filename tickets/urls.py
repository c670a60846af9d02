from django.urls import path

from tickets import attachment_views, export_views, state_views, views

urlpatterns = [
    path("tickets", views.TicketsView.as_view(), name="tickets"),
    path("tickets.csv", export_views.ExportView.as_view(), name="tickets-export"),
    path("tickets/<int:pk>", views.TicketView.as_view(), name="ticket"),
    path("tickets/<int:pk>/claim", state_views.ClaimView.as_view(), name="ticket-claim"),
    path("tickets/<int:pk>/wait", state_views.WaitView.as_view(), name="ticket-wait"),
    path("tickets/<int:pk>/resume", state_views.ResumeView.as_view(), name="ticket-resume"),
    path("tickets/<int:pk>/resolve", state_views.ResolveView.as_view(), name="ticket-resolve"),
    path("tickets/<int:pk>/close", state_views.CloseView.as_view(), name="ticket-close"),
    path("tickets/<int:pk>/reopen", state_views.ReopenView.as_view(), name="ticket-reopen"),
    path(
        "tickets/<int:pk>/attachments",
        attachment_views.AttachmentsView.as_view(),
        name="ticket-attachments",
    ),
    path(
        "tickets/<int:pk>/attachments/<int:number>",
        attachment_views.AttachmentView.as_view(),
        name="ticket-attachment",
    ),
    path("tickets/<int:pk>/comments", views.CommentsView.as_view(), name="ticket-comments"),
]
