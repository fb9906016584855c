"""What differs between the engines for Python: how models read, what they ask, and what they hand back.

Nothing else of the package asks which engine it runs on.
"""

from palette.core.tables import streamed, typed
from palette.engine.asking import settings_of
from palette.engine.choosing import HERE, makes_folders, on_spark, place_of
from palette.engine.counting import itemsets
from palette.engine.installing import installed
from palette.engine.reading import Relation, asked, frame, having, local
from palette.engine.spreading import Work, gather, spread

__all__ = [
    "HERE",
    "Relation",
    "Work",
    "asked",
    "frame",
    "gather",
    "having",
    "installed",
    "itemsets",
    "local",
    "makes_folders",
    "on_spark",
    "place_of",
    "settings_of",
    "spread",
    "streamed",
    "typed",
]
