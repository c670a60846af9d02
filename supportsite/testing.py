"""The environment of the tests: a separate STATE_DIR, and random secrets.

Loaded by pytest (``-p supportsite.testing``) before Django's settings are.
"""

import os
import secrets
from pathlib import Path

STATE = Path(__file__).resolve().parent.parent / "var" / "test"

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportsite.settings")
os.environ.setdefault("STATE_DIR", str(STATE))
os.environ.setdefault("CONVERTED_MODELS", str(STATE / "models"))
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # Each of pytest-xdist's workers has a Postgres and a Chroma of its own; they share the model.
    os.environ["STATE_DIR"] = str(Path(os.environ["STATE_DIR"]) / worker)
# Nobody's own .env.
os.environ["ENV_FILE"] = os.devnull
# Phone numbers in the tests are Pakistani unless they have a calling code.
os.environ.setdefault("PHONE_REGION", "PK")
for _name in ("SECRET_KEY", "JWT_SECRET", "AUDIT_MAC_KEY", "AUDIT_SIGNING_KEY"):
    os.environ[_name] = secrets.token_urlsafe(48)
# Whitenoise warns of a missing folder, and the tests turn warnings into errors.
(Path(os.environ["STATE_DIR"]) / "static").mkdir(parents=True, exist_ok=True)
