"""Publish drafts as a numbered release, all or nothing.

The registered ``preparation`` creates what a release needs besides rows (vectors, its Chroma
collection) before the release exists. Nothing is visible until the last commit, so after a crash
the old release still answers, and the same call can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from django.conf import settings

from audit.backends import Backend
from audit.models import record
from audit.people.pseudonyms import stored_name
from audit.privacy.redaction import redact
from faq.content import Clash, Difference, KnowledgeBase, Rule, clashes, compare, digest_of
from faq.models import CategoryRule, Faq, Release
from faq.write_lock import lock_knowledge_base

MAX_NOTE_LENGTH = 500

SAME_RELEASE = ("fingerprint", "policy", "second_embedder")
"""If these fields are equal, two releases give the same answers."""


class PublishError(Exception):
    """Nothing was published; the message says why. ``problem_status`` is the HTTP status."""

    problem_status = 409


class NotReady(PublishError):
    """A dependency that a release needs is unavailable."""

    problem_status = 503


class ConcurrentChange(PublishError):
    """Someone else changed or published FAQs in the meantime."""


class ConflictingFaqs(PublishError):
    """Two FAQs have the same phrasing."""

    problem_status = 422

    def __init__(self, conflicts: Sequence[Clash]) -> None:
        super().__init__("; ".join(map(str, conflicts)))


@dataclass(frozen=True)
class Prepared:
    """The result of ``preparation``: the data of a release besides its FAQs.

    ``embedder`` names the model and its weights, ``collection`` the Chroma collection, ``policy``
    the fitted policy. ``model`` is the folder or name of the embedder; empty: LOCAL_EMB_MODEL.
    ``second_embedder`` names the multilingual model; empty without one.
    """

    embedder: str
    collection: str
    fingerprint: str
    policy: str = ""
    model: str = ""
    second_embedder: str = ""


Progress = Callable[[int, int], None]
"""Called with the number of phrasings embedded so far and the total."""


class Preparation(Protocol):
    def __call__(
        self, knowledge_base: KnowledgeBase, *, model: str = "", progress: Progress | None = None
    ) -> Prepared:
        """Create vectors and the collection for these FAQs. Raises ``NotReady``.

        ``model`` embeds; empty: the model of the live release.
        """
        ...


preparation: Backend[Preparation] = Backend("faq.releases.publishing.preparation")


def draft_knowledge_base() -> KnowledgeBase:
    """The knowledge base that publishing every draft would make live."""
    return KnowledgeBase(Faq.objects.in_use().contents(), current_rules())


def current_rules() -> dict[str, Rule]:
    """Threshold and margin of each category, as drafted."""
    return {rule.category: Rule(rule.threshold, rule.margin) for rule in CategoryRule.objects.all()}


def prepare_release(
    knowledge_base: KnowledgeBase, *, model: str = "", progress: Progress | None = None
) -> Prepared:
    """Run ``preparation`` for these FAQs. Raises ``ConflictingFaqs`` and ``NotReady``."""
    conflicts = clashes(knowledge_base.contents.values())
    if conflicts:
        raise ConflictingFaqs(conflicts)
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
    """Publish drafts. If nothing differs from the live release, returns the live release.

    ``only``: the slugs to publish; other FAQs and the rules stay as in the live release.
    ``reviewed``: the ``content.digest_of`` the reviewed changes; raises ``ConcurrentChange`` if the
    changes are different now. ``model``: the embedding model from now on. Raises ``PublishError``.
    May run inside a transaction; then that transaction's commit publishes.
    """

    def build(live: Release | None) -> KnowledgeBase:
        before = live.knowledge_base() if live else KnowledgeBase({})
        knowledge_base = draft_knowledge_base() if only is None else _selected(only, before)
        if reviewed and reviewed != digest_of(_changed_digests(knowledge_base, before)):
            raise ConcurrentChange("The drafts changed since your review. Reload and review again.")
        return knowledge_base

    return _publish(build, actor=actor, note=note, model=model, progress=progress)


def publish_again(
    release: Release,
    before: Callable[[], None],
    *,
    actor: str,
    note: str,
    progress: Progress | None = None,
) -> Release:
    """Publish the FAQs, rules and policy of an earlier release as a new one.

    ``before`` runs under the lock, in the transaction that publishes; if it raises, nothing
    changes. Raises ``PublishError``.
    """
    knowledge_base = release.knowledge_base()
    return _publish(
        lambda live: knowledge_base,
        before,
        actor=actor,
        note=note,
        model=release.model,
        policy=release.policy,
        progress=progress,
        embedder=release.embedder,
    )


def publish_policy(policy: str, *, live: Release, actor: str, note: str) -> Release:
    """Publish the live release's FAQs with another fitted policy.

    Raises ``ConcurrentChange`` if another release went live after the policy was fitted.
    """
    with lock_knowledge_base():
        if Release.objects.live() != live:
            raise ConcurrentChange(
                "Another release was published in the meantime. Calibrate again."
            )
        prepared = Prepared(
            live.embedder,
            live.collection,
            live.fingerprint,
            policy,
            model=live.model,
            second_embedder=live.second_embedder,
        )
        return create_release(live.knowledge_base(), prepared, actor=actor, note=note)


def _selected(only: Collection[str], live: KnowledgeBase) -> KnowledgeBase:
    drafts = Faq.objects.in_use().filter(slug__in=only).contents()
    unchanged = {slug: content for slug, content in live.contents.items() if slug not in only}
    return KnowledgeBase({**unchanged, **drafts}, live.rules)


def _changed_digests(new: KnowledgeBase, live: KnowledgeBase) -> dict[str, str | None]:
    """By slug: the new digest, or None for an FAQ that the new knowledge base does not have."""
    difference = compare(new.contents, live.contents)
    digests = {slug: new.contents[slug].digest for slug in (*difference.added, *difference.changed)}
    return {**digests, **dict.fromkeys(difference.gone)}


def _publish(
    build: Callable[[Release | None], KnowledgeBase],
    before: Callable[[], None] = lambda: None,
    *,
    actor: str,
    note: str,
    progress: Progress | None,
    model: str = "",
    policy: str | None = None,
    embedder: str = "",
) -> Release:
    """Prepare the knowledge base that ``build`` returns and publish it.

    ``before`` runs in the transaction that publishes. ``policy``: the fitted policy to use, instead
    of the prepared one. ``embedder``: the required ``Release.embedder``; empty: any. Raises
    ``ConcurrentChange`` if FAQs or the live release changed during the preparation.
    """
    live = Release.objects.live()
    knowledge_base = build(live)
    prepared = prepare_release(knowledge_base, model=model, progress=progress)
    if embedder and prepared.embedder != embedder:
        raise NotReady(
            f"The release was embedded with {embedder}, but this site has {prepared.embedder}."
        )
    if policy is not None:
        prepared = replace(prepared, policy=policy)
    with lock_knowledge_base():
        if Release.objects.live() != live:
            raise ConcurrentChange(
                "Another release was published in the meantime. Review it and try again."
            )
        if build(live) != knowledge_base:
            raise ConcurrentChange("FAQs changed while the release was prepared. Try again.")
        before()
        return create_release(knowledge_base, prepared, actor=actor, note=note)


def create_release(
    knowledge_base: KnowledgeBase, prepared: Prepared, *, actor: str, note: str = ""
) -> Release:
    """Create the release, or return the live one if it is the same.

    Call it inside ``lock_knowledge_base()``.
    """
    live = Release.objects.live()
    if live and all(getattr(live, name) == getattr(prepared, name) for name in SAME_RELEASE):
        return live
    difference = compare(knowledge_base.contents, live.contents() if live else {})
    note = redact(note, region=settings.PHONE_REGION)[:MAX_NOTE_LENGTH]
    release = Release.objects.create(
        number=live.number + 1 if live else 1,
        fingerprint=prepared.fingerprint,
        embedder=prepared.embedder,
        model=prepared.model,
        second_embedder=prepared.second_embedder,
        collection=prepared.collection,
        policy=prepared.policy,
        rules={category: asdict(rule) for category, rule in knowledge_base.rules.items()},
        note=note,
        published_by=stored_name(actor),
        added=len(difference.added),
        changed=len(difference.changed),
        retired=len(difference.gone),
    )
    release.add_revisions(knowledge_base.contents.values())
    Faq.objects.end_stages()
    record(
        "release.published",
        actor=actor,
        kind="release",
        key=release.number,
        data={"note": note, "embedder": prepared.embedder, **_summary(difference)},
    )
    return release


def _summary(difference: Difference) -> dict[str, object]:
    return {
        "added": list(difference.added),
        "changed": list(difference.changed),
        "gone": list(difference.gone),
        "same": len(difference.same),
    }
