"""Where the work on shards is done: in this process, or in several at once.

An engine maps one pure function over shards and gives the results in the order of the shards, so
that what comes out never depends on how many did the work. `LocalEngine` uses the cores of this
machine, `DaskEngine` those of many.
"""

from klankbord.engines.dask import DaskEngine
from klankbord.engines.engine import Engine, Task
from klankbord.engines.local import LocalEngine

__all__ = ["DaskEngine", "Engine", "LocalEngine", "Task"]
