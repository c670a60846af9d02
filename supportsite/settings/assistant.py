"""The knowledge base, the models that compare questions, and the agent."""

from __future__ import annotations

import os
from functools import partial

from assistant.agent import limits, price
from supportsite import env
from supportsite.settings.site import BASE_DIR, STATE_DIR
from tickets.delivery import networks

FAQ_CSV = env.path("FAQ_CSV", BASE_DIR / "data" / "faq.csv")
# Private networks that pages of FAQs and help centres may be read from.
SOURCE_NETWORKS = env.parsed("SOURCE_NETWORKS", "", networks.networks)
FAQ_COLLECTION_NAME = env.text("FAQ_COLLECTION_NAME", "faq_collection")
# Releases whose Chroma collections stay, for a quick rollback.
KEEP_COLLECTIONS = 10
FAQ_CONFIDENCE_THRESHOLD = env.fraction("FAQ_CONFIDENCE_THRESHOLD", 0.7)
FAQ_POLICY = env.text("FAQ_POLICY", "release")
LOCAL_EMB_MODEL = env.text("LOCAL_EMB_MODEL", "all-MiniLM-L6-v2")
CONVERTED_MODELS = env.path("CONVERTED_MODELS", STATE_DIR / "models")
EMBEDDINGS_URL = env.text("EMBEDDINGS_URL")
EMBEDDINGS_MODEL = env.text("EMBEDDINGS_MODEL")
EMBEDDINGS_API_KEY = env.text("EMBEDDINGS_API_KEY")
env.requires("EMBEDDINGS_URL", "EMBEDDINGS_MODEL")
CHROMA_URL = env.text("CHROMA_URL")
CHROMA_PATH = env.path("CHROMA_PATH", STATE_DIR / "chroma")

# --- The agent: off unless AGENT_MODEL is set -----------------------------------------------------

AGENT_MODEL = env.text("AGENT_MODEL")
AGENT_BASE_URL = env.text("AGENT_BASE_URL")
AGENT_API_KEY = env.text("AGENT_API_KEY")
AGENT_ANSWER_MODE = env.text("AGENT_ANSWER_MODE", "grounded")
WEB_THREADS = env.integer("WEB_THREADS", 4, minimum=1, maximum=256)
# Unless stated otherwise half of a process's threads are left to the FAQs, however slow a model is.
AGENT_LIMITS = env.parsed(
    "AGENT_LIMITS", "", partial(limits.parse, runs_at_once=max(WEB_THREADS // 2, 1))
)
AGENT_PRICE = env.parsed("AGENT_PRICE", "", price.parse)
# Turns of a conversation in the prompt.
CONVERSATION_TURNS = 6
CONVERSATION_DAYS = env.integer("CONVERSATION_DAYS", 30, minimum=0, maximum=3_650)

# --- Libraries ------------------------------------------------------------------------------------

# Libraries read these at import: no telemetry, and one thread per pool, since pools of several
# libraries would compete for the cores.
os.environ["ANONYMIZED_TELEMETRY"] = "False"
os.environ["AGNO_TELEMETRY"] = "false"
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
