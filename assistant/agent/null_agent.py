"""The agent of a site without a model."""

from __future__ import annotations

from assistant.agent.reasons import AgentReason
from assistant.interfaces import AgentReply, Task
from assistant.steps import OnStep


class NullAgent:
    """Never answers, because no model is configured."""

    @property
    def chooses(self) -> bool:
        return False

    def answer(self, task: Task, on_step: OnStep) -> AgentReply:
        return AgentReply(text=None, reason=AgentReason.NOT_CONFIGURED)

    def ping(self) -> str:
        """No model is a valid configuration."""
        return "no model: AGENT_MODEL is not set"
