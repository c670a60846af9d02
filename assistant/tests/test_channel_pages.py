"""Channels at the desk: who may add and change them, secrets that are shown once, and the log."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from assistant.models import Channel, Message
from assistant.tests.channel_calls import CLEAR, SECRET, make_channel, post_signed
from audit.models import Record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_counts")]

LIST = "/admin/assistant/channel/"


def member(role: str) -> Client:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def publisher() -> Client:
    return member("publisher")


def form(**fields):
    shipped = {"kind": "webhook", "is_active": "on", "language": "en", "longest": "4000"}
    return {**shipped, "reply_url": "https://shop.example/replies", **fields}


def add(client, **fields):
    return client.post(f"{LIST}add/", form(**fields), follow=True)


def errors(response):
    return response.context["adminform"].form.errors


def test_a_publisher_adds_a_channel_and_sees_its_secret_once(publisher):
    page = add(publisher, name="shop").content.decode()
    [secret] = re.findall(r"not shown again: ([\w-]{43})", page)

    response = post_signed({"id": "m1", "sender": "c1", "text": CLEAR}, secret=secret)

    assert response.status_code == 202
    channel = Channel.objects.get()
    change = publisher.get(f"{LIST}{channel.pk}/change/").content.decode()
    assert secret not in change
    assert "/channels/shop" in change
    added = Record.objects.get(action="channel.added")
    assert added.data["fields"]["secret"]["after"] == "(hidden)"
    assert secret not in str(added.data)


def test_a_secret_is_changed_and_shown_once_and_both_work_for_a_day(publisher):
    channel = make_channel("webhook", "https://shop.example/replies")
    data = {"action": "rotate_selected", "_selected_action": [channel.pk]}
    page = publisher.post(LIST, data, follow=True).content.decode()
    [secret] = re.findall(r"not shown again: ([\w-]{43})", page)

    for number, one in enumerate((secret, SECRET)):
        document = {"id": f"m{number}", "sender": "c1", "text": CLEAR}
        assert post_signed(document, secret=one).status_code == 202
    assert Record.objects.filter(action="channel.rotated").count() == 1


def test_it_is_switched_off_and_on_and_never_deleted(publisher):
    channel = make_channel("webhook", "https://shop.example/replies")
    for action in ("switch_off", "switch_off", "switch_on"):
        publisher.post(LIST, {"action": action, "_selected_action": [channel.pk]})

    actions = Record.objects.filter(action__startswith="channel.").order_by("id")
    assert [record.action for record in actions] == ["channel.switched_off", "channel.switched_on"]
    assert publisher.get(f"{LIST}{channel.pk}/delete/").status_code == 403


def test_slack_needs_both_secrets_and_a_changed_one_is_a_rotation(publisher):
    fields = {"name": "team-chat", "kind": "slack", "reply_url": ""}
    assert set(errors(add(publisher, **fields))) == {"bot_token", "signing_secret"}

    add(publisher, **fields, bot_token="xoxb-1", signing_secret="of-slack")
    channel = Channel.objects.get()
    assert (channel.bot_token, channel.valid_secrets()) == ("xoxb-1", ["of-slack"])
    changed = {**form(**fields), "signing_secret": "a-new-one"}
    publisher.post(f"{LIST}{channel.pk}/change/", changed)

    channel.refresh_from_db()
    assert (channel.bot_token, channel.valid_secrets()) == ("xoxb-1", ["a-new-one", "of-slack"])
    assert Record.objects.filter(action="channel.rotated").count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"name": "api"}, "name", id="a name of the site's own"),
        pytest.param({"name": "Shop 1"}, "name", id="a name that is no part of an address"),
        pytest.param({"name": "shop", "reply_url": ""}, "reply_url", id="no reply URL"),
        pytest.param({"name": "shop", "reply_url": "ftp://x.example"}, "reply_url", id="no web"),
        pytest.param({"name": "shop", "longest": "10"}, "longest", id="too short"),
        pytest.param({"name": "shop", "signing_secret": "x"}, "signing_secret", id="not Slack"),
        pytest.param({"name": "shop", "kind": "telegram"}, "bot_token", id="no token"),
    ],
)
def test_what_cannot_work_is_refused_by_field(fields, field, publisher):
    assert field in errors(add(publisher, **fields))
    assert not Channel.objects.exists()


def test_the_name_stays_so_that_records_still_name_it(publisher):
    channel = make_channel("webhook", "https://shop.example/replies")
    publisher.post(f"{LIST}{channel.pk}/change/", form(name="other", longest="500"))

    channel.refresh_from_db()
    assert (channel.name, channel.longest) == ("shop", 500)


@pytest.mark.parametrize(
    ("role", "channels", "adding", "messages"),
    [
        ("publisher", 200, 200, 200),
        ("support", 200, 403, 200),
        ("curator", 403, 403, 403),
        ("auditor", 403, 403, 403),
    ],
)
def test_who_sees_and_adds_channels(role, channels, adding, messages):
    client = member(role)

    statuses = [
        client.get(path).status_code for path in (LIST, f"{LIST}add/", "/admin/assistant/message/")
    ]
    assert statuses == [channels, adding, messages]


def test_the_log_of_messages_has_no_texts():
    make_channel("webhook", "https://shop.example/replies")
    post_signed({"id": "m1", "sender": "c1", "text": CLEAR})
    desk = member("support")

    page = desk.get("/admin/assistant/message/").content.decode()
    one = desk.get(f"/admin/assistant/message/{Message.objects.get().pk}/change/")

    assert "waiting" in page
    assert one.status_code == 200
    assert CLEAR not in page + one.content.decode()
