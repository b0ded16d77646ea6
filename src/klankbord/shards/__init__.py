"""What is done to feedback row by row, as pure functions of one shard of it.

`Preparing` takes people out of what a source told, `Scoring` reads the tone, and `Sharding` does
both to a whole file and keeps what comes of it on the disk; `Placing` gives complaints the theme
they belong to. They are objects that hold settings alone and load what they need once in the
process that uses them, so that any engine can map them.
"""

from klankbord.shards.manifest import Shard, paths_of
from klankbord.shards.place import Placing, placer
from klankbord.shards.prepare import Prepared, Preparing, Raw, Ready, ready
from klankbord.shards.score import Scored, Scoring
from klankbord.shards.sharding import Sharding, Source, content_digest, key_of

__all__ = [
    "Placing",
    "Prepared",
    "Preparing",
    "Raw",
    "Ready",
    "Scored",
    "Scoring",
    "Shard",
    "Sharding",
    "Source",
    "content_digest",
    "key_of",
    "paths_of",
    "placer",
    "ready",
]
