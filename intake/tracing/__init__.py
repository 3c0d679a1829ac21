"""Looking for relatives among those who register: what is asked, found and how alike it is."""

from intake.tracing.matching import search, search_new
from intake.tracing.reasons import CONFIDENT, describe
from intake.tracing.sought import Sought, check_sought

__all__ = ["CONFIDENT", "Sought", "check_sought", "describe", "search", "search_new"]
