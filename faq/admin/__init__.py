"""The knowledge base in the Django admin.

Django imports this package; each module registers its own models.
"""

from faq.admin import categories, faqs, import_export, releases, sources

__all__ = ["categories", "faqs", "import_export", "releases", "sources"]
