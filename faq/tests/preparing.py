"""A preparation for releases whose content matters and whose vectors do not."""

from __future__ import annotations

from assistant import embedders
from assistant.releases.preparation import collection_of
from faq.content import KnowledgeBase
from faq.models import Release
from faq.releases.publishing import Prepared, Progress


def prepare_no_vectors(
    knowledge_base: KnowledgeBase, *, model: str = "", progress: Progress | None = None
) -> Prepared:
    """As the assistant's preparation, which takes half a second, without vectors and Chroma."""
    live, embedder = Release.objects.live(), embedders.embedder(model)
    return Prepared(
        embedder=embedder.name,
        collection=collection_of(knowledge_base, embedder.name),
        fingerprint=knowledge_base.fingerprint(embedder=embedder.name),
        policy=live.policy if live else "",
        model=embedder.model,
    )
