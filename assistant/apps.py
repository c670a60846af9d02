from django.apps import AppConfig


class AssistantConfig(AppConfig):
    name = "assistant"

    def ready(self) -> None:
        from assistant.agent import checks as agent_checks  # noqa: F401  (register the system checks)
