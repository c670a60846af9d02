"""People at the desk: invitations, the list, roles and what is forbidden."""

from __future__ import annotations

import re
import smtplib

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import Record
from supportsite import email_url
from supportsite.models import Identity, Invitation
from supportsite.people import invitations

pytestmark = pytest.mark.django_db

PASSWORD = "a-lamp-in-the-hall-7"
ADD, LIST = "/admin/auth/user/add/", "/admin/auth/user/"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL, settings.SITE_NAME = "https://desk.example", "Example shop"


def invite(client, *roles: str, name: str = "Ann Lee", email: str = "ann@shop.example", **more):
    groups = [str(Group.objects.get(name=role).pk) for role in roles]
    return client.post(ADD, {"name": name, "email": email, "groups": groups, **more})


def queued() -> list[int]:
    """The users whose invitation waits in the queue."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'user_id' FROM procrastinate_jobs"
            " WHERE task_name = 'supportsite.send_invitation' ORDER BY id"
        )
        return [int(row[0]) for row in cursor.fetchall()]


def sent_link(user: User) -> str:
    """The path of the link in the mail, which the worker sends."""
    invitations.send(user.pk)
    return re.search(r"https://desk\.example(/admin/set-password/\S+)", mail.outbox[-1].body)[1]


def set_password(client: Client, link: str, password: str = PASSWORD):
    form = client.get(link, follow=True)
    sent = {"new_password1": password, "new_password2": password}
    return client.post(form.request["PATH_INFO"], sent, follow=True)


def shown(client, user: User) -> str:
    """The person's invitation page."""
    return client.get(reverse("admin:auth_user_invitation", args=[user.pk])).content.decode()


# --- Inviting -------------------------------------------------------------------------------------


def test_a_colleague_gets_a_mail_sets_a_password_and_works(admin_client):
    page = invite(admin_client, "support", "curator")

    ann = User.objects.get(email="ann@shop.example")
    assert page["Location"] == reverse("admin:auth_user_invitation", args=[ann.pk])
    assert (ann.username, ann.get_full_name(), ann.is_staff) == ("ann.lee", "Ann Lee", True)
    assert queued() == [ann.pk]
    link = sent_link(ann)
    (message,) = mail.outbox
    assert message.to == ["ann@shop.example"]
    assert "admin invites you to the support desk of Example shop." in message.body
    assert "Your role: support, curator." in message.body
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"

    colleague = Client()
    assert (
        "Your password is set. Sign in as ann.lee."
        in set_password(colleague, link).content.decode()
    )
    signed_in = colleague.post("/admin/login/", {"username": "ann.lee", "password": PASSWORD})

    assert signed_in["Location"] == "/admin/"
    assert colleague.get(reverse("tickets_inbox")).status_code == 200
    assert colleague.get(LIST).status_code == 403


def test_the_link_works_once_and_an_older_one_not_after_the_first_sign_in(admin_client):
    invite(admin_client, "support")
    ann = User.objects.get(username="ann.lee")
    link = sent_link(ann)
    set_password(Client(), link)

    again = Client().get(link, follow=True)

    assert "This link was used already, or is too old." in again.content.decode()


def test_without_a_mail_server_the_page_shows_a_link_to_hand_over(admin_client, settings):
    settings.EMAIL_BACKEND = email_url.FILES
    page = invite(admin_client, "auditor")

    shown_link = admin_client.get(page["Location"]).content.decode()

    assert queued() == []
    link = re.search(r'value="http://testserver(/admin/set-password/[^"]+)"', shown_link)[1]
    set_password(Client(), link)
    assert User.objects.get(username="ann.lee").check_password(PASSWORD)


def test_a_mail_that_could_not_be_sent_is_tried_again_and_said(admin_client, monkeypatch):
    invite(admin_client, "support")
    ann = User.objects.get(username="ann.lee")

    def refuse(*_):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            invitations.send(ann.pk)

    assert "could not be sent: SMTPServerDisconnected" in shown(admin_client, ann)
    assert "Invited, mail failed" in admin_client.get(LIST).content.decode()
    invitations.send(ann.pk)
    assert "was sent" in shown(admin_client, ann)


def test_an_invitation_that_was_sent_is_not_sent_twice(admin_client):
    invite(admin_client, "support")
    ann = User.objects.get(username="ann.lee")

    invitations.send(ann.pk)
    invitations.send(ann.pk)

    assert len(mail.outbox) == 1


def test_it_is_sent_again_from_its_page_and_from_the_list(admin_client):
    invite(admin_client, "support")
    ann = User.objects.get(username="ann.lee")

    admin_client.post(reverse("admin:auth_user_invitation", args=[ann.pk]))
    admin_client.post(LIST, {"action": "invite_again", "_selected_action": [ann.pk]})

    assert queued() == [ann.pk] * 3


def test_who_has_signed_in_or_comes_through_the_provider_is_not_invited(admin_client, settings):
    sam = User.objects.create_user("sam", is_staff=True, email="sam@shop.example")
    Identity.objects.create(user=sam, issuer="https://id.example", subject="1")
    admin = User.objects.get(username="admin")

    sent = {"action": "invite_again", "_selected_action": [sam.pk, admin.pk]}
    page = admin_client.post(LIST, sent, follow=True).content.decode()

    assert "2 need no invitation." in page
    assert queued() == []
    assert "needs no invitation" in shown(admin_client, sam)
    link = invitations.link(sam, site="")
    assert "is too old" in Client().get(link, follow=True).content.decode()


def test_the_form_says_that_people_of_the_provider_need_none(admin_client, settings):
    assert "need no invitation" not in admin_client.get(ADD).content.decode()

    settings.OIDC_ISSUER = "https://id.example"

    assert "need no invitation" in admin_client.get(ADD).content.decode()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"name": ""}, "This field is required.", id="no name"),
        pytest.param({"email": "ann"}, "Enter a valid email address.", id="no address"),
        pytest.param({"email": "SAM@shop.example"}, "sam has this address already.", id="known"),
        pytest.param({"groups": []}, "Choose at least one role.", id="no role"),
    ],
)
def test_a_missing_value_is_reported_at_its_field_and_nobody_is_invited(
    admin_client, fields, message
):
    User.objects.create_user("sam", email="sam@shop.example")

    page = invite(admin_client, "support", **fields)

    assert message in page.content.decode()
    assert not Invitation.objects.exists()
    assert User.objects.count() == 2


def test_two_of_one_name_get_two_user_names(admin_client):
    invite(admin_client, "support")
    invite(admin_client, "support", email="other@shop.example")

    assert set(User.objects.filter(first_name="Ann").values_list("username", flat=True)) == {
        "ann.lee",
        "ann.lee-2",
    }


def test_the_form_says_in_a_line_what_each_role_may_do(admin_client):
    page = admin_client.get(ADD).content.decode()

    roles = re.findall(r"<span>(\w+: [^<]+)</span>", page)
    assert [role.partition(":")[0] for role in roles] == [
        "Support",
        "Curator",
        "Publisher",
        "Auditor",
    ]


def test_a_weak_password_is_refused(admin_client):
    invite(admin_client, "support")
    ann = User.objects.get(username="ann.lee")

    page = set_password(Client(), sent_link(ann), "password")

    assert "This password is too common." in page.content.decode()
    assert not User.objects.get(username="ann.lee").has_usable_password()


def test_who_was_made_inactive_cannot_use_the_link(admin_client):
    invite(admin_client, "support")
    ann = User.objects.get(username="ann.lee")
    link = sent_link(ann)
    User.objects.filter(pk=ann.pk).update(is_active=False)

    assert "is too old" in Client().get(link, follow=True).content.decode()


def test_with_a_required_second_factor_it_is_set_up_at_the_first_sign_in(admin_client, settings):
    settings.SECOND_FACTOR = "required"
    invitations.invite(
        ann := User.objects.create_user("ann", email="ann@shop.example", is_staff=True), by="admin"
    )
    colleague = Client()
    set_password(colleague, sent_link(ann))

    colleague.post("/admin/login/", {"username": "ann", "password": PASSWORD})

    assert colleague.get("/admin/")["Location"] == reverse("second-factor")


def test_each_step_is_recorded_and_the_link_nowhere(admin_client):
    invite(admin_client, "support")
    ann = User.objects.get(username="ann.lee")
    link = sent_link(ann)
    set_password(Client(), link)

    about = Record.objects.all().about("user", ann.pk).order_by("id")
    steps = {record.action: record for record in about}
    assert list(steps) == ["user.added", "user.invited", "user.password_set"]
    assert steps["user.invited"].actor == "admin"
    assert steps["user.invited"].data == {"roles": ["support"], "mailed": True}
    assert steps["user.password_set"].actor == "ann.lee"
    token = link.rstrip("/").rpartition("/")[2]
    assert not [record for record in about if token in str(record.data)]


# --- Who may --------------------------------------------------------------------------------------


@pytest.fixture
def lead() -> Client:
    """May invite and change people, and is no administrator."""
    user = User.objects.create_user("lead", is_staff=True)
    codenames = ("view_user", "add_user", "change_user")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def test_only_an_administrator_makes_administrators(admin_client, lead):
    invite(lead, "support", is_superuser="on")
    assert not User.objects.get(username="ann.lee").is_superuser

    invite(admin_client, name="Bo Ek", email="bo@shop.example", is_superuser="on")
    assert User.objects.get(username="bo.ek").is_superuser


def test_only_an_administrator_changes_or_invites_an_administrator(lead):
    boss = User.objects.create_superuser("boss", email="boss@shop.example")

    change = lead.post(reverse("admin:auth_user_change", args=[boss.pk]), {"username": "b"})
    password = lead.get(reverse("admin:auth_user_password_change", args=[boss.pk]))
    page = lead.get(reverse("admin:auth_user_invitation", args=[boss.pk]))

    assert (change.status_code, password.status_code, page.status_code) == (403, 403, 403)


# --- The list and the groups ----------------------------------------------------------------------


def test_the_list_shows_roles_last_sign_in_and_who_has_not_come_yet(admin_client):
    invite(admin_client, "support", "auditor")

    page = admin_client.get(LIST).content.decode()

    assert "auditor, support" in page
    assert "administrator" in page
    assert "Invited, not yet signed in" in page
    assert "1 invited, not yet signed in" in admin_client.get("/admin/").content.decode()


def test_the_four_roles_are_neither_deleted_nor_renamed(admin_client):
    support = Group.objects.get(name="support")
    own = Group.objects.create(name="night shift")
    url = reverse("admin:auth_group_changelist")
    both = {"action": "delete_selected", "_selected_action": [support.pk, own.pk], "post": "yes"}

    one = admin_client.post(reverse("admin:auth_group_delete", args=[support.pk]), {"post": "yes"})
    admin_client.post(url, both)
    admin_client.post(reverse("admin:auth_group_change", args=[support.pk]), {"name": "x"})

    assert one.status_code == 403
    assert Group.objects.filter(name="support").exists()
    admin_client.post(url, {**both, "_selected_action": [own.pk]})
    assert not Group.objects.filter(name="night shift").exists()


def test_saving_a_group_takes_none_of_its_permissions_away(admin_client):
    group = Group.objects.get(name="publisher")
    page = reverse("admin:auth_group_change", args=[group.pk])
    form = admin_client.get(page).context["adminform"].form
    permissions = set(group.permissions.values_list("pk", flat=True))

    admin_client.post(page, {"name": group.name, "permissions": list(permissions)})

    assert permissions
    assert permissions <= set(form.fields["permissions"].queryset.values_list("pk", flat=True))
    assert set(group.permissions.values_list("pk", flat=True)) == permissions
