"""The assistant's pages at the desk: Ask, Quality and labels.

``gauges`` is pure; the other modules translate between requests and the other packages.
"""
