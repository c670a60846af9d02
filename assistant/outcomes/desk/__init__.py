"""The outcomes at the desk: figures with their rows, and the weekly sample.

cards.py          a figure, its rows and its change
charts.py         charts as SVG; pure
links.py          links from a figure to its rows
listing.py        the rows of a figure, as a page and as CSV
pages.py          the page of outcomes, of rows and of a need
sample_pages.py   the page where people judge answers
tables.py         the tables and charts of the page of outcomes
urls.py           their addresses
week.py           four figures of the last week, for the first page
"""
