"""How score and tone go together with each theme: an association, never a cause."""

from klankbord.drivers.association import (
    TONE,
    TOO_LITTLE,
    associate,
    associate_tone,
    of_main_metric,
)

__all__ = ["TONE", "TOO_LITTLE", "associate", "associate_tone", "of_main_metric"]
