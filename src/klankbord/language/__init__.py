"""What language feedback is in, where its parts begin and end, and whether it answers at all."""

from klankbord.language.identification import Identifier, Readings, identify, readings
from klankbord.language.non_answers import non_answers
from klankbord.language.segmentation import segment

__all__ = ["Identifier", "Readings", "identify", "non_answers", "readings", "segment"]
