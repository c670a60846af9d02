"""Roll back to an earlier release, with a preview."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from audit.models import record
from faq.content import Change, Draft, Rule
from faq.models import CategoryRule, PhrasingConflict, Release
from faq.releases.drafts import drafts, upsert
from faq.releases.publishing import (
    ConcurrentChange,
    ConflictingFaqs,
    Progress,
    current_rules,
    publish_again,
)
from faq.releases.review import release_changes, review


class ResetDrafts(StrEnum):
    """Which drafts are also set to the earlier release."""

    ALL = "all"
    """Unpublished edits are lost; FAQs that the release does not have are retired."""
    UNEDITED = "unedited"
    """Drafts without unpublished edits; unpublished edits stay."""
    NONE = "none"
    """No draft changes, so that publishing all of them undoes the rollback."""


@dataclass(frozen=True)
class RuleChange:
    """Threshold and margin of one category; None: the category has none of its own."""

    category: str
    before: Rule | None
    after: Rule | None


@dataclass(frozen=True)
class RollbackPlan:
    """The preview of a rollback to ``to``. Confirm it with ``reviewed=plan.digest``.

    ``edits``: the slugs of drafts with unpublished edits, sorted.
    """

    to: Release
    live: Release
    edits: tuple[str, ...]
    digest: str

    def changes(self) -> list[Change]:
        """The changes of FAQs for customers."""
        return release_changes(self.live, self.to)

    def counts(self) -> dict[str, int]:
        """The number of FAQs that are added, changed and gone."""
        kinds = Counter(change.kind for change in self.changes())
        return {kind: kinds[kind] for kind in ("added", "changed", "gone")}

    def rule_changes(self) -> list[RuleChange]:
        before = self.live.category_rules()
        after = self.to.category_rules()
        return [
            RuleChange(category, before.get(category), after.get(category))
            for category in sorted(before.keys() | after.keys())
            if before.get(category) != after.get(category)
        ]

    @property
    def policy_changes(self) -> bool:
        return self.live.policy != self.to.policy


def plan_rollback(to: Release) -> RollbackPlan:
    """The current plan; ``to`` is any release."""
    drafts_to_review = review()
    live = drafts_to_review.live or to
    rules = {category: asdict(rule) for category, rule in current_rules().items()}
    state = json.dumps([live.number, to.number, drafts_to_review.digest, rules], sort_keys=True)
    return RollbackPlan(
        to, live, tuple(drafts_to_review.waiting), hashlib.sha256(state.encode()).hexdigest()
    )


def roll_back(
    to: Release,
    *,
    actor: str,
    note: str = "",
    reset: ResetDrafts = ResetDrafts.NONE,
    reviewed: str = "",
    progress: Progress | None = None,
) -> Release:
    """Publish the FAQs, rules and policy of an earlier release as a new one.

    ``reviewed``: the ``RollbackPlan.digest`` that a person confirmed; raises ``ConcurrentChange``
    if the plan has changed since. Raises ``PublishError``; then nothing changed.
    """

    def set_drafts() -> None:
        plan = plan_rollback(to)
        if reviewed and reviewed != plan.digest:
            raise ConcurrentChange(
                "FAQs or releases changed since the preview. Check the changes and confirm again."
            )
        written = _reset_drafts(plan, reset, actor=actor)
        unchanged = () if reset is ResetDrafts.ALL else plan.edits
        record(
            "release.rolled_back",
            actor=actor,
            kind="release",
            key=to.number,
            data={
                "from": plan.live.number,
                "reset": reset,
                "drafts": written,
                "kept": list(unchanged),
            },
        )

    note = note or f"Rolled back to release {to.number}"
    return publish_again(to, set_drafts, actor=actor, note=note, progress=progress)


def _reset_drafts(plan: RollbackPlan, reset: ResetDrafts, *, actor: str) -> list[str]:
    """Set the drafts to the release; returns the slugs of those that changed."""
    if reset is ResetDrafts.NONE:
        return []
    keep = set(plan.edits) if reset is ResetDrafts.UNEDITED else set()
    if reset is ResetDrafts.ALL or current_rules() == plan.live.category_rules():
        _set_rules(plan.to.category_rules())
    contents = plan.to.contents()
    new: dict[str, Draft] = {
        slug: replace(draft, content=contents[slug], retired=False)
        if slug in contents
        else replace(draft, retired=True)
        for slug, draft in drafts().items()
        if slug not in keep
    }
    try:
        return list(upsert(new, actor=actor))
    except PhrasingConflict as conflict:
        raise ConflictingFaqs(conflict.clashes) from None


def _set_rules(rules: Mapping[str, Rule]) -> None:
    CategoryRule.objects.exclude(category__in=rules).delete()
    for category, rule in rules.items():
        CategoryRule.objects.update_or_create(category=category, defaults=asdict(rule))
