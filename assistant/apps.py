from django.apps import AppConfig


class AssistantConfig(AppConfig):
    name = "assistant"

    def ready(self) -> None:
        # Imported to register system checks.
        from assistant import checks  # noqa: F401
        from assistant.agent import checks as agent_checks  # noqa: F401
