from django.apps import AppConfig


class AssistantConfig(AppConfig):
    name = "assistant"

    def ready(self) -> None:
        # Imported here, since they import models. See audit.backends for what is registered.
        from assistant import checks, source_requests  # noqa: F401
        from assistant.agent import checks as agent_checks  # noqa: F401
        from assistant.channels import mail, sending
        from assistant.desk import quality_jobs
        from assistant.health.since_change import faq_health
        from assistant.releases import near_duplicates, preparation, ticket_knowledge, unreadable
        from faq import health
        from faq.releases import near_duplicates as faq_near_duplicates
        from faq.releases import publishing
        from faq.releases import unreadable as faq_unreadable
        from faq.sources import fetching
        from tickets import faq_lookup
        from tickets.delivery import channels
        from tickets.inbound import questions

        publishing.preparation.register(preparation.prepare)
        faq_near_duplicates.backend.register(near_duplicates)
        faq_unreadable.backend.register(unreadable.unreadable)
        faq_lookup.backend.register(ticket_knowledge)
        questions.backend.register(mail)
        health.backend.register(faq_health)
        channels.backend.register(sending)
        fetching.get.register(source_requests.get)
        quality_jobs.register()
