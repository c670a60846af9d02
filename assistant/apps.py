from django.apps import AppConfig


class AssistantConfig(AppConfig):
    name = "assistant"

    def ready(self) -> None:
        from assistant import agent_checks, checks  # noqa: F401  (register the system checks)
