"""People and groups in the desk, in Unfold's style."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from audit import local_time
from audit.admin_history import AuditedAdminMixin
from supportsite.models import Invitation
from supportsite.people import invitations, roles
from supportsite.people.forms import InvitationForm, PersonForm

GRANTABLE = (
    *("view_ticket", "change_ticket", "view_delivery", "change_delivery"),
    *("view_webhook", "add_webhook", "change_webhook"),
    *("view_faq", "add_faq", "change_faq", "propose_faq", "view_release", "publish_release"),
    *("view_source", "add_source", "change_source", "delete_source"),
    *("view_record", "view_user", "add_user", "change_user"),
)
"""Permissions that a group can have, besides those of the shipped groups."""

admin.site.unregister(User)
admin.site.unregister(Group)
# Nobody but the owner sees a second factor's secret, and only when it is set up.
admin.site.unregister(TOTPDevice)
admin.site.unregister(StaticDevice)


@admin.register(User)
class UserAdmin(AuditedAdminMixin, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    form = PersonForm
    add_form = InvitationForm
    add_form_template = "admin/auth/user/add_form.html"
    change_password_form = AdminPasswordChangeForm
    list_display = ("full_name", "username", "email", "roles", "last_sign_in", "is_active")
    list_display_links = ("full_name", "username")
    list_select_related = ("invitation",)
    list_filter = ("groups", "is_active", "is_superuser")
    actions = ("invite_again",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Roles", {"fields": ("groups", "is_superuser")}),
        ("Access", {"fields": ("is_active", "is_staff")}),
    )
    add_fieldsets = ((None, {"fields": ("name", "email", "groups", "is_superuser")}),)
    filter_horizontal = ()

    # --- The list ---------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return people

    @admin.display(description="Name", ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or user.get_username()

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        names = sorted(group.name for group in user.groups.all())
        return ", ".join(["administrator", *names] if user.is_superuser else names) or "none"

    @admin.display(description="Last sign-in", ordering="last_login")
    def last_sign_in(self, user: User) -> SafeString | str:
        if user.last_login:
            return local_time.format_local(user.last_login)
        invitation: Invitation | None = getattr(user, "invitation", None)
        if invitation is None or not user.is_active:
            return "never"
        state = "mail failed" if invitation.failure else "not yet signed in"
        link = reverse("admin:auth_user_invitation", args=[user.pk])
        return format_html('<a href="{}">Invited, {}</a>', link, state)

    @admin.action(description="Invite again", permissions=["add"])
    def invite_again(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Only those who have not signed in yet; the others are counted in the message."""
        ready = [user for user in users if self._may_invite(request, user)]
        for user in ready:
            invitations.invite(user, by=request.user.get_username())
        if ready and not invitations.has_mail_server():
            message = "This site has no mail server: open the invitations for links to hand over."
            self.message_user(request, message, messages.WARNING)
        elif ready:
            self.message_user(request, f"{len(ready)} invited again.", messages.SUCCESS)
        if others := users.count() - len(ready):
            self.message_user(request, f"{others} need no invitation.", messages.WARNING)

    # --- One person -------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only administrators make administrators."""
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.is_superuser:
            return fieldsets
        return [
            (title, {"fields": [name for name in options["fields"] if name != "is_superuser"]})
            for title, options in fieldsets
        ]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if not request.user.is_superuser:
            form.base_fields.pop("is_superuser", None)
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only administrators change administrators: who sets a password has the account."""
        is_allowed: bool = super().has_change_permission(request, obj)
        return is_allowed and (obj is None or request.user.is_superuser or not obj.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Users are deactivated, never deleted: a name in the audit trail is not used again."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # Accounts are for the desk only; API callers need none.
        obj.is_staff = obj.is_staff or not change
        super().save_model(request, obj, form, change)

    def subject(self, obj: Any) -> str:
        """The person whom records of changes to an account concern."""
        name: str = obj.get_username()
        return name

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Django's view, with the change and its record in one transaction."""
        return super().user_change_password(request, *args, **kwargs)

    # --- Invitations ------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {"title": "Invite a colleague", "provider": settings.OIDC_ISSUER}
        response: HttpResponse = super().add_view(
            request, form_url, {**context, **(extra_context or {})}
        )
        return response

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """In the transaction that added the account."""
        logged = super().log_addition(request, obj, message)
        invitations.invite(obj, by=request.user.get_username())
        return logged

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        name = obj.get_full_name()
        self.message_user(request, f"{name} is invited and signs in as {obj}.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:auth_user_invitation", args=[obj.pk]))

    def get_urls(self) -> list[URLPattern]:
        view: Callable[..., HttpResponse] = self.admin_site.admin_view(self.invitation_view)
        own = [path("<int:user_id>/invitation/", view, name="auth_user_invitation")]
        return [*own, *super().get_urls()]

    def invitation_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """The state of an invitation, its link where no mail is sent, and sending it again."""
        user = get_object_or_404(User, pk=user_id)
        if not self.has_add_permission(request) or not self.has_change_permission(request, user):
            raise PermissionDenied
        is_open = invitations.can_invite(user)
        if request.method == "POST" and is_open:
            invitations.invite(user, by=request.user.get_username())
            return HttpResponseRedirect(request.path)
        is_mailed = invitations.has_mail_server() and user.email
        site = request.build_absolute_uri("/").rstrip("/")
        context = {
            **self.admin_site.each_context(request),
            "title": "Invitation",
            "person": user,
            "roles": [group.name for group in roles.in_order(user.groups.all())],
            "invitation": Invitation.objects.filter(user=user).first(),
            "open": is_open,
            "mail_server": invitations.has_mail_server(),
            "link": "" if is_mailed or not is_open else invitations.link(user, site=site),
            "days": invitations.link_lifetime().days,
        }
        return TemplateResponse(request, "supportsite/invitation.html", context)

    def _may_invite(self, request: HttpRequest, user: User) -> bool:
        return self.has_change_permission(request, user) and invitations.can_invite(user)


@admin.register(Group)
class GroupAdmin(AuditedAdminMixin, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "description")
    filter_horizontal = ()

    @admin.display(description="What it may do")
    def description(self, group: Group) -> str:
        return roles.DESCRIPTIONS.get(group.name, "as its permissions say")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The names of the four roles are what sign-in through a provider and updates refer to."""
        return ("name",) if obj and obj.name in settings.DESK_GROUPS else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The four roles stay; a group of the site's own may go."""
        is_allowed: bool = super().has_delete_permission(request, obj)
        return is_allowed and (obj is None or obj.name not in settings.DESK_GROUPS)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field and db_field.name == "permissions":
            field.widget = UnfoldAdminCheckboxSelectMultipleWidget()
            # What a group has already stays in the list, or saving the form would take it away.
            grantable = Q(codename__in=GRANTABLE) | Q(group__isnull=False)
            field.queryset = Permission.objects.filter(grantable).distinct()
            field.help_text = ""
        return field
