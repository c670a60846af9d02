"""Request limits by role, address and failures, over Django's cache."""
