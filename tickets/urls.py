from django.urls import path

from tickets import views

urlpatterns = [
    path("tickets", views.TicketsView.as_view(), name="tickets"),
    path("tickets.csv", views.ExportView.as_view(), name="tickets-export"),
    path("tickets/<int:pk>", views.TicketView.as_view(), name="ticket"),
    path("tickets/<int:pk>/claim", views.ClaimView.as_view(), name="ticket-claim"),
    path("tickets/<int:pk>/resolve", views.ResolveView.as_view(), name="ticket-resolve"),
]
