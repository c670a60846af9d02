"""The customer's pages: the help page, and the widget that shows it on other sites.

A visitor asks, picks an option, rates the answer, asks a person and browses the published FAQs,
without JavaScript. Questions and tickets take the same way as POST /ask and POST /tickets. What a
page shows of a conversation is read from the audit trail; reading records nothing.

``visitor`` says who sends, ``protection`` what is refused, ``page`` what all pages share, and
``assets`` serves the widget's script and the colours.
"""
