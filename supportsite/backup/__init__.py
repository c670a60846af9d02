"""The whole site as one archive, and back."""
