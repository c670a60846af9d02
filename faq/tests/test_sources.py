"""Sources of FAQs: previewed first, then read again; their changes wait in the review."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assistant import source_requests
from audit.models import Record
from faq.models import BackgroundJob, Faq, Release, Source, SourcePair, Upload
from faq.releases.drafts import draft_of
from faq.releases.publishing import publish
from faq.releases.review import in_stage
from faq.sources import jobs
from faq.sources.fetching import FetchFailed
from faq.sources.reading import read
from faq.tests.source_server import Page, serving
from tickets.delivery.networks import networks

pytestmark = pytest.mark.django_db

IMPORT = reverse("admin:faq_faq_import")
REVIEW = reverse("admin:faq_release_review")

JSON_LD = (
    '<script type="application/ld+json">{"@type": "FAQPage", "mainEntity": [{"@type": "Question",'
    ' "name": "Do you rent out ladders?", "acceptedAnswer": {"text": "%s"}}]}</script>'
)
PAGE = (
    f"<html><head>{JSON_LD % 'Yes, for up to <b>three</b> days.'}</head><body>"
    "<details><summary>Do you rent out ladders?</summary>Yes.</details>"
    "<details><summary>Can ladders be delivered?</summary><p>Yes, by our van.</p></details>"
    "<dl><dt>How high are the ladders?</dt><dd>Four metres at most.</dd></dl>"
    "<h2>Who repairs broken ladders?</h2><p>Our workshop does.</p></body></html>"
)
LADDERS, DELIVERED, HIGH, BROKEN = (
    "rent-out-ladders",
    "ladders-delivered",
    "high-ladders",
    "repairs-broken-ladders",
)
ALL = {LADDERS, DELIVERED, HIGH, BROKEN}


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


@pytest.fixture
def site(server, settings):
    settings.SOURCE_NETWORKS = networks("127.0.0.1")
    server.pages.clear()
    server.requests.clear()
    return server


def signed_in(role):
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk():
    return signed_in("curator")


@pytest.fixture
def source(site):
    site.html("/faq", PAGE)
    return Source.objects.create(name="Shop", url=site.url("/faq"), category="ladders")


def work():
    """What the worker does."""
    for job in BackgroundJob.objects.filter(state="waiting"):
        job.run()


def fetch(desk, source):
    """Press "Fetch now"; the page that the curator then sees."""
    to = desk.post(reverse("admin:faq_source_fetch", args=[source.pk]))["Location"]
    work()
    return desk.get(to)


def confirm(desk, page):
    preview = page.context["preview"]
    fields = {"upload": page.context["upload"].pk, "digest": preview["digest"], "_confirm": ""}
    to = IMPORT + desk.post(IMPORT, fields)["Location"]
    work()
    return desk.get(to)


@pytest.fixture
def imported(desk, source):
    """A source whose FAQs were saved as drafts."""
    confirm(desk, fetch(desk, source))
    return source


@pytest.fixture
def published(imported, no_vectors):
    """A source whose FAQs are published."""
    publish(actor="pat", only=ALL)
    return imported


def fetch_again(source):
    return jobs.fetch_again(source, by="cora")


def pass_time(**duration):
    """Since a question was last missing."""
    SourcePair.objects.update(last_missing=F("last_missing") - timedelta(**duration))


def draft(slug):
    return draft_of(Faq.objects.get(slug=slug))


# --- The first import -----------------------------------------------------------------------------


def test_a_page_with_three_forms_is_previewed_and_gives_exactly_its_pairs(desk, source):
    page = fetch(desk, source)
    before = set(Faq.objects.values_list("slug", flat=True)) & ALL

    text = page.content.decode()
    assert source.url in text
    source.refresh_from_db()
    assert source.content_hash[:12] in text
    assert "Yes, for up to **three** days." in text
    assert page.context["preview"]["counts"] == {"new": 4, "changed": 0, "same": 0, "invalid": 0}
    assert before == set()

    done = confirm(desk, page)

    assert "4 FAQs were saved as drafts" in done.content.decode()
    faqs = Faq.objects.filter(category="ladders")
    assert {faq.question: faq.answer for faq in faqs} == {
        "Do you rent out ladders?": "Yes, for up to **three** days.",
        "Can ladders be delivered?": "Yes, by our van.",
        "How high are the ladders?": "Four metres at most.",
        "Who repairs broken ladders?": "Our workshop does.",
    }
    assert {faq.slug for faq in faqs} == ALL
    assert Release.objects.live().number == 1
    assert not Upload.objects.exists()
    assert Record.objects.filter(action="source.imported").get().data["ids"] == sorted(
        ALL, key=[LADDERS, DELIVERED, HIGH, BROKEN].index
    )


def test_faqs_that_are_here_already_are_taken_over_by_their_question(desk, site, source):
    site.html("/faq", "<h2>I forgot my password?</h2><p>Then ask for a new one.</p>")
    earlier = Faq.objects.get(slug="reset-password").content()

    page = fetch(desk, source)
    confirm(desk, page)

    content = Faq.objects.get(slug="reset-password").content()
    assert page.context["preview"]["counts"]["changed"] == 1
    assert page.context["preview"]["removed_phrasings"] == 0
    assert (content.question, content.answer) == (earlier.question, "Then ask for a new one.")
    assert content.category == earlier.category != source.category
    assert SourcePair.objects.get().faq.slug == "reset-password"


def test_long_answers_are_previewed_with_a_warning(desk, site, source):
    site.html("/faq", f"<h2>Is this long?</h2><p>{'Yes, it is. ' * 150}</p>")

    (row,) = fetch(desk, source).context["preview"]["rows"]

    assert row["result"] == "new"
    assert "the answer has 1,799 characters" in row["warnings"][0]


# --- Read again -----------------------------------------------------------------------------------


def test_the_second_run_changes_nothing_and_the_third_is_not_even_sent(imported, site):
    second, third = fetch_again(imported), fetch_again(imported)

    assert (second.drafts, second.same) == (third.drafts, third.same) == (0, 4)
    assert [request["status"] for request in site.requests[-2:]] == [200, 304]
    assert in_stage(Faq.Stage.SOURCE) == []


def test_one_changed_answer_is_one_difference_in_the_review(published, site, desk):
    site.html("/faq", PAGE.replace("Four metres", "Five metres"))

    page = fetch(desk, published)

    assert "1 changed, 0 added, 0 proposed to retire, 3 unchanged" in page.content.decode()
    seen = desk.get(REVIEW, {"tab": "source"})
    (change,) = seen.context["changes"]
    assert (change.slug, change.stage) == (HIGH, "source changed")
    assert "<del>Four </del><ins>Five </ins>metres" in seen.content.decode()
    assert Release.objects.live().contents()[HIGH].answer == "Four metres at most."
    publisher = signed_in("publisher")
    publisher.post(REVIEW, {"change": change.value, "_selected": "", "tab": "source"})
    assert Release.objects.live().contents()[HIGH].answer == "Five metres at most."
    assert Faq.objects.get(slug=HIGH).stage == ""


def test_each_change_has_its_records(imported, site):
    site.html("/faq", PAGE.replace("Four metres", "Five metres"))

    fetch_again(imported)

    actions = [record.action for record in Record.objects.all().about("faq", HIGH)]
    assert actions[:2] == ["faq.source_changed", "faq.changed"]
    fetched = Record.objects.filter(action="source.fetched").get()
    assert (fetched.actor, fetched.data["result"]["changed"]) == ("cora", [HIGH])


def test_a_new_question_becomes_a_draft_and_a_new_wording_an_alternate(imported, site):
    more = (
        "<h2>Are ladders insured?</h2><p>Yes, all of them.</p><h2>Van?</h2><p>Yes, by our van.</p>"
    )
    site.html("/faq", PAGE.replace("</body>", f"{more}</body>"))

    result = fetch_again(imported)

    assert (result.added, result.changed) == (["ladders-insured"], [DELIVERED])
    faq = Faq.objects.get(slug="ladders-insured")
    assert (faq.stage, faq.category, faq.answer) == ("source", "ladders", "Yes, all of them.")
    assert draft(DELIVERED).content.alternates == ("Van?",)
    assert fetch_again(imported).drafts == 0


def test_a_question_that_vanished_must_be_missing_twice_then_a_person_decides(published, site):
    gone = PAGE.replace("<h2>Who repairs broken ladders?</h2><p>Our workshop does.</p>", "")
    site.html("/faq", gone)

    once = fetch_again(published)
    assert (once.missing, once.retiring) == ([BROKEN], [])
    assert not draft(BROKEN).retired

    # Pressing "Fetch now" twice counts once.
    pass_time(hours=11)
    assert fetch_again(published).missing == [BROKEN]

    # The page has not changed since: 304.
    pass_time(hours=1)
    twice = fetch_again(published)
    assert site.requests[-1]["status"] == 304
    assert twice.retiring == [BROKEN]
    faq = Faq.objects.with_status().get(slug=BROKEN)
    assert (faq.status, faq.stage) == ("retiring", "source")
    assert BROKEN in Release.objects.live().contents()
    assert fetch_again(published).drafts == 0


def test_a_question_that_comes_back_is_not_retired(imported, site):
    site.html("/faq", PAGE.replace("<h2>Who repairs broken ladders?</h2>", ""))
    fetch_again(imported)
    site.html("/faq", PAGE)
    assert fetch_again(imported).missing == []
    site.html("/faq", PAGE.replace("<h2>Who repairs broken ladders?</h2>", ""))
    assert fetch_again(imported).retiring == []
    pass_time(days=1)
    assert fetch_again(imported).retiring == [BROKEN]

    site.html("/faq", PAGE)
    result = fetch_again(imported)

    assert result.restored == [BROKEN]
    assert not draft(BROKEN).retired


def test_a_draft_that_was_edited_by_hand_is_left_alone_and_said_so(imported, site, desk):
    faq = Faq.objects.get(slug=HIGH)
    faq.answer = "Four metres, and with the small one two."
    faq.save()
    site.html("/faq", PAGE.replace("Four metres", "Five metres").replace("our van", "our truck"))

    page = fetch(desk, imported)

    assert draft(HIGH).content.answer == "Four metres, and with the small one two."
    assert draft(DELIVERED).content.answer == "Yes, by our truck."
    assert f"edited by hand here, so not updated: {HIGH}" in page.content.decode()
    shown = desk.get(reverse("admin:faq_source_change", args=[imported.pk])).content.decode()
    assert "edited by hand: later changes of the source are ignored" in shown
    assert "<del>Five metres" in shown
    on_its_page = desk.get(reverse("admin:faq_faq_change", args=[faq.pk])).content.decode()
    assert "edited by hand" in on_its_page


def test_what_a_curator_adds_or_retires_stays(imported, site):
    Faq.objects.get(slug=HIGH).add_phrasing("Ladder height?", by="cora")
    Faq.objects.get(slug=DELIVERED).retire(by="cora")
    site.html("/faq", PAGE.replace("Four metres", "Five metres").replace("our van", "our truck"))

    result = fetch_again(imported)

    assert (result.changed, result.edited) == ([HIGH], [DELIVERED])
    assert draft(HIGH).content.alternates == ("Ladder height?",)
    assert draft(HIGH).content.answer == "Five metres at most."
    assert draft(DELIVERED).retired


def test_a_question_of_another_faq_is_reported_and_the_rest_is_written(imported, site):
    page = "<h2>I forgot my password?</h2><p>Then ask for another one.</p>"
    site.html("/faq", PAGE.replace("Four", "Five").replace("</body>", f"{page}</body>"))

    result = fetch_again(imported)

    assert (result.changed, result.added) == ([HIGH], [])
    assert "is already a phrasing of reset-password" in result.problems[0]
    Faq.objects.get(slug="reset-password").retire(by="cora")
    assert fetch_again(imported).added == ["forgot-password"]


def test_wordings_that_get_answers_of_their_own_are_separated(desk, site, source):
    site.html("/faq", "<dl><dt>Is it new?<dt>How old is it?<dd>It is brand new.</dl>")
    confirm(desk, fetch(desk, source))
    site.html(
        "/faq", "<dl><dt>Is it new?<dd>It is brand new.<dt>How old is it?<dd>A day or two.</dl>"
    )

    result = fetch_again(source)

    (changed,), (added,) = result.changed, result.added
    assert draft(changed).content.alternates == ()
    assert draft(added).content.question == "How old is it?"


# --- Failures -------------------------------------------------------------------------------------

LOGIN = "<h1>Welcome</h1><form><input name=u><input type=password></form>"


@pytest.mark.parametrize(
    ("page", "error"),
    [
        pytest.param(Page(b"x", 404), "status 404", id="not found"),
        pytest.param(Page(b"x", 503), "status 503", id="server error"),
        pytest.param(Page(PAGE.encode(), 403), "refuses the request", id="forbidden"),
        pytest.param(Page(b" ", headers={"Content-Type": "text/html"}), "is empty", id="empty"),
        pytest.param(
            Page(b"<p>Loading</p>", headers={"Content-Type": "text/html"}),
            "no questions with answers",
            id="a page made by scripts",
        ),
        pytest.param(
            Page(LOGIN.encode(), headers={"Content-Type": "text/html"}),
            "asks to sign in",
            id="a login page",
        ),
        pytest.param(
            Page(
                f"{LOGIN}<h2>Forgot it?</h2><p>Ask us for it.</p>".encode(),
                headers={"Content-Type": "text/html"},
            ),
            "none of the 4 imported questions",
            id="a login page with a question",
        ),
        pytest.param(
            Page(b"%PDF", headers={"Content-Type": "application/pdf"}),
            "no web page but application/pdf",
            id="a PDF",
        ),
        pytest.param(
            Page(b"x" * 5_000_001, headers={"Content-Type": "text/html"}),
            "more than 5,000,000 bytes",
            id="over 5 MB",
        ),
        pytest.param(Page(b"", 302, {"Location": "/loop"}), "redirects more than 5", id="a loop"),
        pytest.param(Page(seconds=1.0), "cannot be read", id="too slow"),
    ],
)
def test_a_failed_fetch_is_shown_and_changes_no_faq(page, error, imported, site, desk, monkeypatch):
    monkeypatch.setattr(source_requests, "REQUEST_SECONDS", 0.4)
    before = {slug: draft(slug) for slug in ALL}
    pairs = list(SourcePair.objects.values())
    site.pages["/faq"] = page
    site.pages["/loop"] = Page(b"", 302, {"Location": "/loop"})

    for _ in range(3):
        with pytest.raises(FetchFailed, match=error):
            fetch_again(imported)

    assert {slug: draft(slug) for slug in ALL} == before
    assert list(SourcePair.objects.values()) == pairs
    assert in_stage(Faq.Stage.SOURCE) == []
    shown = desk.get(reverse("admin:faq_source_change", args=[imported.pk])).content.decode()
    assert "It could not be read" in shown
    assert Record.objects.filter(action="source.failed").count() == 3
    site.html("/faq", PAGE)
    assert fetch_again(imported).same == 4
    imported.refresh_from_db()
    assert imported.last_error == ""


def test_private_networks_are_refused_and_redirects_to_them(site, source, settings, desk):
    site.html("/inside", PAGE)
    site.redirect("/faq", site.url("/inside", host="127.0.0.2"))

    with pytest.raises(FetchFailed, match="127.0.0.2 is in a private network"):
        read(source.address)
    assert [request["path"] for request in site.requests] == ["/faq"]

    settings.SOURCE_NETWORKS = ()
    page = fetch(desk, source)
    assert "127.0.0.1 is in a private network" in page.content.decode()
    assert len(site.requests) == 1


def test_redirects_within_the_allowed_network_are_followed(site, source):
    site.html("/new", PAGE)
    site.redirect("/faq", "/new")

    assert len(read(source.address).pairs) == 4


# --- Help centres ---------------------------------------------------------------------------------


def zendesk_article(number, title, body, **more):
    return {
        "id": 360_000_000_000 + number,
        "url": f"https://shop.zendesk.com/api/v2/help_center/en-us/articles/{number}.json",
        "html_url": f"https://shop.zendesk.com/hc/en-us/articles/{number}",
        "author_id": 1,
        "comments_disabled": False,
        "draft": False,
        "promoted": False,
        "section_id": 9,
        "name": title,
        "title": title,
        "source_locale": "en-us",
        "locale": "en-us",
        "outdated": False,
        "user_segment_id": None,
        "label_names": [],
        "body": body,
        **more,
    }


ZENDESK = "/api/v2/help_center/en-us/articles.json"


def zendesk(site, *, height="Four metres at most."):
    first = [
        zendesk_article(1, "Renting ladders", "<p>Up to <b>three</b> days.</p>"),
        zendesk_article(2, "Not ready", "<p>A draft, not ready.</p>", draft=True),
        zendesk_article(3, "For staff", "<p>Only for our staff.</p>", user_segment_id=12),
    ]
    more = f"{ZENDESK}?page%5Bsize%5D=30&page%5Bafter%5D=xyz"
    site.json(
        f"{ZENDESK}?page[size]=30",
        {
            "articles": first,
            "meta": {"has_more": True, "after_cursor": "xyz", "before_cursor": "abc"},
            "links": {"next": site.url(more), "prev": None},
        },
    )
    site.json(
        more,
        {
            "articles": [zendesk_article(4, "Heights", f"<p>{height}</p>")],
            "meta": {"has_more": False, "after_cursor": None, "before_cursor": "abc"},
            "links": {"next": None, "prev": None},
        },
    )


def test_a_help_centre_of_zendesk_is_read_over_all_its_pages(desk, site):
    zendesk(site)
    source = Source.objects.create(name="Help", kind="zendesk", url=site.url())

    confirm(desk, fetch(desk, source))

    assert {pair.question: pair.answer for pair in SourcePair.objects.all()} == {
        "Renting ladders": "Up to **three** days.",
        "Heights": "Four metres at most.",
    }
    assert fetch_again(source).drafts == 0
    pair = SourcePair.objects.get(question="Heights")
    assert (pair.key, pair.url) == (
        "360000000004",
        "https://shop.zendesk.com/hc/en-us/articles/4",
    )
    zendesk(site, height="Five metres at most.")
    assert fetch_again(source).changed == [pair.faq.slug]


def test_pages_by_number_are_read_as_well(site):
    first = {"count": 2, "page": 1, "page_count": 2, "per_page": 1}
    articles = [zendesk_article(n, f"Title {n}", f"<p>The text {n}.</p>") for n in (1, 2)]
    site.json(
        f"{ZENDESK}?page[size]=30",
        {**first, "articles": articles[:1], "next_page": site.url(f"{ZENDESK}?page=2&per_page=1")},
    )
    site.json(
        f"{ZENDESK}?page=2&per_page=1", {**first, "articles": articles[1:], "next_page": None}
    )
    source = Source(name="Help", kind="zendesk", url=site.url())

    assert [pair.question for pair in read(source.address).pairs] == ["Title 1", "Title 2"]


def intercom_article(number, title, body, state="published"):
    return {
        "type": "article",
        "id": str(number),
        "workspace_id": "abc",
        "parent_id": 143,
        "parent_type": "collection",
        "title": title,
        "description": "",
        "body": body,
        "author_id": 5,
        "state": state,
        "created_at": 1_672_928_359,
        "updated_at": 1_672_928_610,
        "url": f"http://help.example.com/articles/{number}",
        "default_locale": "en",
    }


def test_a_help_centre_of_intercom_is_read_with_its_token(desk, site):
    for number, articles in enumerate(
        (
            [intercom_article(1, "Renting", "<p>Three days.</p>")],
            [
                intercom_article(2, "Secret", "<p>Not yet public.</p>", state="draft"),
                intercom_article(3, "Heights", "<p>Four metres.</p>"),
            ],
        ),
        start=1,
    ):
        pages = {"type": "pages", "page": number, "per_page": 50, "total_pages": 2, "next": None}
        document = {"type": "list", "pages": pages, "total_count": 3, "data": articles}
        site.json(f"/articles?page={number}&per_page=50", document)
    source = Source.objects.create(name="I", kind="intercom", url=site.url(), secret="t0ken")

    page = fetch(desk, source)

    rows = page.context["preview"]["rows"]
    assert [row["question"] for row in rows] == ["Renting", "Heights"]
    headers = [request["headers"] for request in site.requests]
    assert {sent["Authorization"] for sent in headers} == {"Bearer t0ken"}
    assert all(sent["Intercom-Version"] for sent in headers)


def test_a_token_is_sent_to_no_other_server(site, settings):
    settings.SOURCE_NETWORKS = networks("127.0.0.0/8")
    path = "/articles?page=1&per_page=50"
    site.redirect(path, site.url("/elsewhere", host="127.0.0.2"))
    site.json("/elsewhere", {"data": [intercom_article(1, "A", "<p>b</p>")], "pages": None})
    source = Source(name="I", kind="intercom", url=site.url(), secret="t0ken")

    read(source.address)

    assert ["Authorization" in request["headers"] for request in site.requests] == [True, False]


@pytest.mark.parametrize("document", [[], {}, {"articles": None}, {"articles": ["x"]}, "x"])
def test_a_help_centre_with_another_reply_has_failed(document, site):
    site.json(f"{ZENDESK}?page[size]=30", document)

    with pytest.raises(FetchFailed, match="its reply"):
        read(Source(name="Help", kind="zendesk", url=site.url()).address)


# --- People and the worker ------------------------------------------------------------------------


def test_a_curator_makes_a_source_at_the_desk_and_its_token_is_never_shown(desk):
    fields = {
        **{"name": "Help", "kind": "intercom", "url": "https://api.intercom.io"},
        **{"locale": "en-us", "interval": "daily", "category": "", "audience": "", "owner": ""},
    }
    add = reverse("admin:faq_source_add")
    assert b"Intercom needs an access token." in desk.post(add, fields).content
    at_a_person = {**fields, "url": "https://me:pw@api.intercom.io", "secret": "t0ken"}
    assert b"Leave out the user name" in desk.post(add, at_a_person).content

    page = desk.post(add, {**fields, "secret": "t0ken"}, follow=True)

    source = Source.objects.get()
    assert b"Fetch now" in page.content
    assert b"t0ken" not in page.content
    added = Record.objects.filter(action="source.added").get()
    assert "t0ken" not in str(added.data)
    change = reverse("admin:faq_source_change", args=[source.pk])
    desk.post(change, {**fields, "interval": "weekly", "secret": ""})
    source.refresh_from_db()
    assert (source.interval, source.secret) == ("weekly", "t0ken")


@pytest.mark.parametrize(
    ("role", "status"), [("curator", 302), ("publisher", 302), ("support", 403), ("auditor", 403)]
)
def test_who_may_fetch(role, status, source):
    fetch = reverse("admin:faq_source_fetch", args=[source.pk])
    client = signed_in(role)

    assert client.post(fetch).status_code == status
    assert client.get(fetch).status_code == 403


def test_the_worker_reads_what_is_due_and_goes_on_after_a_failure(imported, site, desk, capsys):
    other = Source.objects.create(name="Away", url=site.url("/away"), last_checked=timezone.now())
    other.pairs.create(faq=Faq.objects.get(slug="reset-password"), question="Q?", answer="A.")
    Source.objects.create(name="New", url=site.url("/new"))
    call_command("fetch_sources")
    assert capsys.readouterr().out == "0 sources read.\n"

    Source.objects.update(last_checked=timezone.now() - timedelta(days=1))
    with pytest.raises(CommandError, match="1 of 2 sources"):
        call_command("fetch_sources")

    away, shop = capsys.readouterr().out.splitlines()
    assert away == "Away could not be read, nothing changed: the server replied with status 404."
    assert shop == "Shop: 0 changed, 0 added, 0 proposed to retire, 4 unchanged."
    work = desk.get(reverse("admin:index"))
    listed = desk.get(work.context["failed_sources"]["link"]).context["cl"].queryset
    assert "Away: the server replied with status 404" in work.content.decode()
    assert list(listed) == [other]
    with pytest.raises(CommandError, match="no source Nowhere"):
        call_command("fetch_sources", "Nowhere")
    with pytest.raises(CommandError, match="preview at the desk first: New"):
        call_command("fetch_sources", "New")


def test_a_source_can_be_deleted_and_its_faqs_stay(imported, desk):
    page = reverse("admin:faq_source_delete", args=[imported.pk])

    desk.post(page, {"post": "yes"})

    assert not Source.objects.exists()
    assert Faq.objects.filter(slug__in=ALL).count() == 4
    assert Record.objects.filter(action="source.deleted").exists()


def test_personal_data_is_redacted_where_the_site_does_that_and_changes_nothing_again(
    desk, site, source, settings
):
    from audit.privacy.channels import parse

    settings.REDACTION = parse("faqs=redact")
    site.html("/faq", "<h2>Who helps?</h2><p>Write to amina@shop.example today.</p>")

    confirm(desk, fetch(desk, source))

    assert "amina" not in SourcePair.objects.get().answer
    assert fetch_again(source).drafts == 0
