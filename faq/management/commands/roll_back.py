"""Go back to an earlier release."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.identity.cli_user import actor
from faq.models import Release
from faq.progress_bar import bar
from faq.releases.publishing import PublishError
from faq.releases.rollback import ResetDrafts, RollbackPlan, plan_rollback, roll_back

MAX_LISTED = 20
"""FAQs named in each list."""


class Command(BaseCommand):
    help = "Preview a rollback to an earlier release, ask, and publish it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, help="the release to go back to")
        parser.add_argument(
            "--drafts",
            choices=[choice.value for choice in ResetDrafts],
            default=ResetDrafts.UNEDITED.value,
            help="which drafts are also set to the release: those without unpublished edits "
            "(default), all (unpublished edits are lost), or none",
        )
        parser.add_argument("--note", default="", help="a note for the release")
        parser.add_argument("--dry-run", action="store_true", help="only show the changes")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        release = Release.objects.filter(number=options["number"]).first()
        if release is None:
            raise CommandError(f"There is no release {options['number']}.")
        reset = ResetDrafts(options["drafts"])
        plan = plan_rollback(release)
        self.stdout.write("\n".join(_report(plan, reset)))
        if options["dry_run"]:
            return
        if not options["yes"] and not self._confirmed():
            self.stdout.write("Nothing was changed.")
            return
        try:
            with bar("Embedding") as progress:
                live = roll_back(
                    release,
                    actor=actor(),
                    note=options["note"],
                    reset=reset,
                    reviewed=plan.digest,
                    progress=progress,
                )
        except PublishError as failure:
            raise CommandError(f"Nothing was changed: {failure}") from None
        self.stdout.write(
            f"Release {live.number} is live, with the FAQs of release {release.number}."
        )

    def _confirmed(self) -> bool:
        if not sys.stdin.isatty():
            raise CommandError("Nothing was changed. Add --yes if this is not a terminal.")
        return input("Roll back? [y/N] ").strip().casefold() in {"y", "yes"}


def _report(plan: RollbackPlan, reset: ResetDrafts) -> list[str]:
    changes = plan.changes()
    lines = [f"Release {plan.live.number} is live. Going back to release {plan.to.number}:"]
    lines += [f"  {change.kind:8}{change.slug}" for change in changes[:MAX_LISTED]]
    if len(changes) > MAX_LISTED:
        lines.append(f"  and {len(changes) - MAX_LISTED} more FAQs")
    if not changes:
        lines.append("  no FAQ is different")
    lines += [f"  threshold or margin of {change.category}" for change in plan.rule_changes()]
    if plan.policy_changes:
        lines.append(f"  policy  {_policy(plan.live)} -> {_policy(plan.to)}")
    if plan.edits:
        effect = {
            ResetDrafts.ALL: "are lost",
            ResetDrafts.UNEDITED: "stay",
            ResetDrafts.NONE: "stay, and so do all other drafts",
        }[reset]
        more = " …" if len(plan.edits) > MAX_LISTED else ""
        faq_ids = ", ".join(plan.edits[:MAX_LISTED])
        lines.append(f"Unpublished edits of {len(plan.edits)} FAQs {effect}: {faq_ids}{more}")
    return lines


def _policy(release: Release) -> str:
    return release.policy[:12] or "shipped"
