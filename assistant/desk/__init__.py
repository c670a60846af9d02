"""The assistant's pages at the desk: Ask, and the charts that show what decided.

``gauges`` is pure; the other modules translate between requests and the packages that decide.
"""
