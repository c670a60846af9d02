"""How fast and how good the site is, measured by commands of their own; see README.md."""
