"""The audit trail, and personal data."""

from __future__ import annotations

from audit.privacy import channels, phones
from supportsite import env, secrets
from supportsite.settings.site import SECRET_KEY, STATE_DIR

AUDIT_FILE = env.text("AUDIT_FILE")
AUDIT_ANCHOR_DIR = env.path("AUDIT_ANCHOR_DIR", STATE_DIR / "anchors")
# Without a key of their own, records are tied to SECRET_KEY, which then cannot be changed.
AUDIT_MAC_KEY = secrets.read("AUDIT_MAC_KEY", STATE_DIR) or SECRET_KEY
AUDIT_SIGNING_KEY = secrets.read("AUDIT_SIGNING_KEY", STATE_DIR)
PHONE_REGION = env.parsed("PHONE_REGION", "", phones.region)
# Masks names and places, if set.
PRESIDIO_MODEL = env.text("PRESIDIO_MODEL")
# How personal data is handled in each channel; the audit trail is always redacted.
REDACTION = env.parsed("REDACTION", "", channels.parse)
# What audit_erase calls in each app; audit may import none of them.
AUDIT_ERASERS = ["tickets.erasure.erase", "assistant.erasure.erase", "faq.erasure.erase"]
