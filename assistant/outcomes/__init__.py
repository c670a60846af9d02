"""How questions end: needs, their ends, and figures that a team can check.

``needs``, ``rates`` are pure: how a need ends, when a rate is shown. ``fold`` derives ``rows`` from
the sealed log. ``selection`` has the rows behind every figure of a period; ``figures`` counts them,
``channels`` by channel. ``sample``: answers that people judge. ``desk``, ``api`` and ``mail`` show
the same numbers at the desk, to programs and by mail.
"""
