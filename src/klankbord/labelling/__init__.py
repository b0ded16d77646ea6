"""A customer's own labels: draw a sample, read it back, measure the model on it, adapt the model.

`sample` draws, `sheet` writes it for people, `reading` reads what they filled in, `classes` says
what their words mean, `quality` measures, `evaluation` and `training` are the two jobs on top.
"""

from klankbord.labelling.classes import Scheme, parse_classes
from klankbord.labelling.evaluation import Evaluation, evaluate, write_misread
from klankbord.labelling.quality import Quality, measure
from klankbord.labelling.reading import Sheet, read_sheet
from klankbord.labelling.sample import Sample, draw, from_sources, from_workspace
from klankbord.labelling.sheet import check_name, write_sheet
from klankbord.labelling.training import Trained, train

__all__ = [
    "Evaluation",
    "Quality",
    "Sample",
    "Scheme",
    "Sheet",
    "Trained",
    "check_name",
    "draw",
    "evaluate",
    "from_sources",
    "from_workspace",
    "measure",
    "parse_classes",
    "read_sheet",
    "train",
    "write_misread",
    "write_sheet",
]
