"""What differs between the engines for Python: how models read, what they ask, and what they hand back.

Nothing else of the package asks which engine it runs on.
"""

from palette.core.tables import streamed, typed
from palette.engine.asking import settings_of
from palette.engine.choosing import on_spark, require_duckdb
from palette.engine.reading import Relation, frame, local

__all__ = ["Relation", "frame", "local", "on_spark", "require_duckdb", "settings_of", "streamed", "typed"]
