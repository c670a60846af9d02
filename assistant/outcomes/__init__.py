"""What became of the questions: needs and their ends, in figures that a team can check.

``needs``, ``rates``, ``charts`` are pure: how a need ends, when a rate is shown, how it is drawn.
``fold`` derives ``rows`` from the sealed log. ``selection`` has the rows behind every figure of a
period, ``figures`` counts them. ``sample``: answers that people judge. ``pages``, ``page_parts``,
``listing``, ``api`` and ``mail`` show the same numbers at the desk, to programs and by mail.
"""
