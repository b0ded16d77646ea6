"""What is done to feedback row by row, as pure functions of one shard of it.

`Preparing` takes people out of what a source told, `Scoring` reads the tone. Both are objects that
hold settings alone and load what they need once in the process that uses them, so that any engine
can map them.
"""

from klankbord.shards.prepare import Prepared, Preparing, Raw
from klankbord.shards.score import Scored, Scoring

__all__ = ["Prepared", "Preparing", "Raw", "Scored", "Scoring"]
