"""Users and groups in the desk, in Unfold's style."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from audit.admin_history import AuditedAdminMixin

GRANTABLE = (
    *("view_ticket", "change_ticket", "view_delivery", "change_delivery"),
    *("view_webhook", "add_webhook", "change_webhook"),
    *("view_faq", "add_faq", "change_faq", "view_release", "publish_release"),
    *("view_record", "view_user", "add_user", "change_user"),
)
"""Permissions that a group can have. Nobody deletes; the site itself writes the other tables."""

admin.site.unregister(User)
admin.site.unregister(Group)
# Nobody but the owner sees a second factor's secret, and only when it is set up.
admin.site.unregister(TOTPDevice)
admin.site.unregister(StaticDevice)


@admin.register(User)
class UserAdmin(AuditedAdminMixin, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "last_login")
    # Rights come from groups only, so that they can be reviewed.
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
    )
    filter_horizontal = ()
    autocomplete_fields = ("groups",)

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

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Users are deactivated, never deleted: a name in the audit trail is not used again."""
        return False


@admin.register(Group)
class GroupAdmin(AuditedAdminMixin, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    filter_horizontal = ()

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field and db_field.name == "permissions":
            field.widget = UnfoldAdminCheckboxSelectMultipleWidget()
            field.queryset = Permission.objects.filter(codename__in=GRANTABLE)
            field.help_text = ""
        return field
