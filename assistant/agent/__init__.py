"""The LLM fallback: it may only use the FAQs it retrieved.

``providers`` call a model through Agno, ``bounded_agent`` enforces limits and the circuit
breaker, ``attempt`` is one run, ``prompt`` and ``choice`` build the prompts and read the replies.
"""
