"""From FAQs as they stand to a numbered release, all or nothing.

What a release needs besides rows (vectors, its Chroma collection) is made ready by the registered
``preparation``, before the release exists. Nothing is visible until the last commit, so a crash at
any point leaves the old release serving, and the same call can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from django.conf import settings
from django.db import connection, transaction

from audit.backends import Backend
from audit.models import record
from audit.people.pseudonyms import stored_name
from audit.privacy.redaction import redact
from faq.content import Clash, Difference, KnowledgeBase, Rule, clashes, compare, digest_of
from faq.models import CategoryRule, Faq, Release

# Any number no other code of ours uses: writers of the knowledge base take turns on it.
LOCK = 0x5355_5050_0001
LONGEST_NOTE = 500


class PublishError(Exception):
    """Nothing was published, and why. ``problem_status`` is the HTTP status that says it."""

    problem_status = 409


class NotReady(PublishError):
    """A dependency that a release needs cannot be used now."""

    problem_status = 503


class Overtaken(PublishError):
    """Somebody else changed or published FAQs meanwhile."""


class Unpublishable(PublishError):
    """The FAQs contradict each other."""

    problem_status = 422

    def __init__(self, found: Sequence[Clash]) -> None:
        super().__init__("; ".join(str(clash) for clash in found))


@dataclass(frozen=True)
class Prepared:
    """What was made ready: whose vectors, which collection, the fingerprint, the fitted policy.

    ``model`` is where the embedder is found: a folder or a name; empty: LOCAL_EMB_MODEL.
    """

    embedder: str
    collection: str
    fingerprint: str
    policy: str = ""
    model: str = ""


Progress = Callable[[int, int], None]
"""Told how many phrasings are embedded, of how many that need it."""


class Prepare(Protocol):
    def __call__(
        self, knowledge_base: KnowledgeBase, *, model: str = "", progress: Progress | None = None
    ) -> Prepared:
        """Make everything ready that answering from it needs; ``NotReady`` if it cannot be.

        ``model`` embeds; empty: that of the live release.
        """
        ...


preparation: Backend[Prepare] = Backend("faq.releases.publishing.preparation")


@contextmanager
def writing() -> Iterator[None]:
    """A transaction in which nobody else writes the knowledge base."""
    with transaction.atomic():
        take_turn()
        yield


def take_turn() -> None:
    """Wait until nobody else writes the knowledge base; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def current() -> KnowledgeBase:
    """What a release of every draft would say."""
    return KnowledgeBase(Faq.objects.in_use().contents(), current_rules())


def current_rules() -> dict[str, Rule]:
    """What categories ask for themselves, as edited."""
    return {rule.category: Rule(rule.threshold, rule.margin) for rule in CategoryRule.objects.all()}


def prepare(
    knowledge_base: KnowledgeBase, *, model: str = "", progress: Progress | None = None
) -> Prepared:
    """Check that the FAQs can be told apart, and make ready what a release of them needs."""
    found = clashes(knowledge_base.contents.values())
    if found:
        raise Unpublishable(found)
    return preparation.get()(knowledge_base, model=model, progress=progress)


def publish(
    *,
    actor: str,
    note: str = "",
    only: Collection[str] | None = None,
    reviewed: str = "",
    model: str = "",
    progress: Progress | None = None,
) -> Release:
    """Publish the drafts as they stand; without any difference, the live release stays.

    ``only`` are the slugs to publish; all others, and the rules, stay as the live release has them.
    ``reviewed`` is the ``content.digest_of`` what was looked at: publish that or raise
    ``Overtaken``. ``model``: embed with that one from now on. Raises ``PublishError``. Safe to call
    inside a transaction, which then decides.
    """

    def wanted(live: Release | None) -> KnowledgeBase:
        before = live.knowledge_base() if live else KnowledgeBase({})
        knowledge_base = current() if only is None else _selected(only, before)
        if reviewed and reviewed != digest_of(_changed(knowledge_base, before)):
            raise Overtaken("This is not what you looked at any more; look again.")
        return knowledge_base

    return _switch(wanted, actor=actor, note=note, model=model, progress=progress)


def roll_back(
    to: Release, *, actor: str, note: str = "", progress: Progress | None = None
) -> Release:
    """A new release that says what an earlier one said; drafts stay as they are.

    Raises ``PublishError``.
    """
    old = to.knowledge_base()
    note = note or f"Rolled back to release {to.number}"
    return _switch(
        lambda live: old,
        actor=actor,
        note=note,
        model=to.model,
        policy=to.policy,
        progress=progress,
        embedder=to.embedder,
    )


def adopt(policy: str, *, live: Release, actor: str, note: str) -> Release:
    """A new release with the FAQs of the live one and another fitted policy.

    Raises ``Overtaken`` when another release went live since the policy was fitted.
    """
    with writing():
        if Release.objects.live() != live:
            raise Overtaken("Another release was published meanwhile; calibrate again.")
        prepared = Prepared(
            live.embedder, live.collection, live.fingerprint, policy, model=live.model
        )
        return release(live.knowledge_base(), prepared, actor=actor, note=note)


def _selected(only: Collection[str], live: KnowledgeBase) -> KnowledgeBase:
    drafts = Faq.objects.in_use().filter(slug__in=only).contents()
    kept = {slug: content for slug, content in live.contents.items() if slug not in only}
    return KnowledgeBase({**kept, **drafts}, live.rules)


def _changed(wanted: KnowledgeBase, live: KnowledgeBase) -> dict[str, str | None]:
    difference = compare(wanted.contents, live.contents)
    kept = {slug: wanted.contents[slug].digest for slug in (*difference.added, *difference.changed)}
    return {**kept, **dict.fromkeys(difference.gone)}


def _switch(
    wanted: Callable[[Release | None], KnowledgeBase],
    *,
    actor: str,
    note: str,
    progress: Progress | None,
    model: str = "",
    policy: str | None = None,
    embedder: str = "",
) -> Release:
    """Make ready what is wanted, and switch to it unless somebody was faster.

    ``policy`` is the fitted policy to keep to; None: the one that was made ready. ``embedder`` is
    whose vectors they must be, as ``Release.embedder`` names it; empty: the model's.
    """
    live = Release.objects.live()
    knowledge_base = wanted(live)
    prepared = prepare(knowledge_base, model=model, progress=progress)
    if embedder and prepared.embedder != embedder:
        raise NotReady(f"Its vectors are {embedder}'s, which is not here ({prepared.embedder} is).")
    if policy is not None:
        prepared = replace(prepared, policy=policy)
    with writing():
        if Release.objects.live() != live:
            raise Overtaken("Another release was published meanwhile; look at it and try again.")
        if wanted(live) != knowledge_base:
            raise Overtaken("FAQs were changed while the release was made ready; try again.")
        return release(knowledge_base, prepared, actor=actor, note=note)


def release(wanted: KnowledgeBase, prepared: Prepared, *, actor: str, note: str = "") -> Release:
    """The last step, inside ``writing()``: the new release, or the live one if it says the same."""
    live = Release.objects.live()
    if live and (live.fingerprint, live.policy) == (prepared.fingerprint, prepared.policy):
        return live
    difference = compare(wanted.contents, live.contents() if live else {})
    note = redact(note, region=settings.PHONE_REGION)[:LONGEST_NOTE]
    made = Release.objects.create(
        number=live.number + 1 if live else 1,
        fingerprint=prepared.fingerprint,
        embedder=prepared.embedder,
        model=prepared.model,
        collection=prepared.collection,
        policy=prepared.policy,
        rules={category: asdict(rule) for category, rule in wanted.rules.items()},
        note=note,
        published_by=stored_name(actor),
        added=len(difference.added),
        changed=len(difference.changed),
        retired=len(difference.gone),
    )
    made.hold(wanted.contents.values())
    record(
        "release.published",
        actor=actor,
        kind="release",
        key=made.number,
        data={"note": note, "embedder": prepared.embedder, **_summary(difference)},
    )
    return made


def _summary(difference: Difference) -> dict[str, object]:
    return {
        "added": list(difference.added),
        "changed": list(difference.changed),
        "gone": list(difference.gone),
        "same": len(difference.same),
    }
