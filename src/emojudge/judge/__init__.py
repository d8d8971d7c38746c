"""An expert evaluator reviews the fused label from what is said and how it sounds, and may overrule it (paper, section 4.6).

A case holds what may be known of an utterance, a client answers requests about it, the journal (joint 4) remembers
every request and reply, and :func:`refine` applies the rule under which a verdict changes a label.
"""

from .case import Case, make_case
from .clients.replay import ReplayClient
from .clients.rules import RulesClient
from .description import describe, train_reference
from .engine import judge
from .journal import Journal
from .prompt import load_prompt
from .prosody import Prosody, measure_prosody
from .prosody_table import describe_table
from .refine import ReasonCode, refine, summarize
from .verdict import NoVerdict, Verdict

__all__ = [
    "Case",
    "Journal",
    "NoVerdict",
    "Prosody",
    "ReasonCode",
    "ReplayClient",
    "RulesClient",
    "Verdict",
    "describe",
    "describe_table",
    "judge",
    "load_prompt",
    "make_case",
    "measure_prosody",
    "refine",
    "summarize",
    "train_reference",
]
