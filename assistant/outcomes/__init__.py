"""What became of the questions: needs and their ends, in figures that a team can check.

``needs``, ``rates``, ``charts`` are pure: how a need ends, when a rate is shown, how it is drawn.
``fold`` derives ``rows`` from the sealed log. ``figures`` counts them, and has the rows behind
each number. ``sample``: answers that people judge. ``pages``, ``page_parts``, ``api``, ``mail``,
``gauges`` show the same numbers at the desk, to programs, by mail and to Prometheus.
"""
