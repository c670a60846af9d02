"""What the site could not answer, and what people said of its answers.

``feedback``: whether a reply helped, by whoever asked.
"""
