"""The LLM fallback: it may only speak from what it retrieved.

``agno_model`` is the one adapter of Agno, ``bounded_agent`` enforces limits and the circuit
breaker, ``prompt`` is what the model reads, ``grounding`` checks what it says against the FAQs.
"""
