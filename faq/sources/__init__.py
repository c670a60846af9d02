"""FAQs from elsewhere: a page of FAQs, or the help centre of Zendesk or Intercom.

``html_pages`` and ``help_centres`` read questions and answers, ``fetching`` gets them from the
address, ``refresh`` compares them with what was imported, ``jobs`` runs that in the worker. The
first import goes through the preview of files (``faq.import_jobs``). Later changes become drafts
that wait in the review.
"""
