"""Questions that the site could not answer, and feedback on its answers.

api.py               POST /asks/{ask_id}/feedback and GET /gaps
closed_gaps.py       two weeks after a gap was closed: similar questions, and those answered
communities.py       group vectors by similarity; pure
dry_runs.py          ask the questions of gaps again after a release
feedback.py          whether a reply helped: the model
feedback_export.py   rated questions as CSV
gap_pages.py         the gaps at the desk
gap_rows.py          gaps with their texts, for pages, programs and commands
gaps.py              a gap and its asks: the models
log_reading.py       read the asks without a helpful answer from the audit log
recorded_asks.py     the fields of every row about one ask
regrouping.py        group the asks by meaning, one process at a time
related.py           store which gaps are similar
"""
