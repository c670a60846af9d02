from django.urls import path

from tickets import attachment_views, views

urlpatterns = [
    path("tickets", views.TicketsView.as_view(), name="tickets"),
    path("tickets.csv", views.ExportView.as_view(), name="tickets-export"),
    path("tickets/<int:pk>", views.TicketView.as_view(), name="ticket"),
    path("tickets/<int:pk>/claim", views.ClaimView.as_view(), name="ticket-claim"),
    path("tickets/<int:pk>/wait", views.WaitView.as_view(), name="ticket-wait"),
    path("tickets/<int:pk>/resume", views.ResumeView.as_view(), name="ticket-resume"),
    path("tickets/<int:pk>/resolve", views.ResolveView.as_view(), name="ticket-resolve"),
    path("tickets/<int:pk>/close", views.CloseView.as_view(), name="ticket-close"),
    path("tickets/<int:pk>/reopen", views.ReopenView.as_view(), name="ticket-reopen"),
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
