"""The LLM fallback: it may only use the FAQs it retrieved.

``agno_model`` is the one adapter of Agno, ``bounded_agent`` enforces limits and the circuit
breaker, ``prompt`` builds the prompts, ``grounding`` checks replies against the FAQs.
"""
