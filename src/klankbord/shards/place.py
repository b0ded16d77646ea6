"""From a complaint to its theme, by themes that were found in a sample."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from klankbord.errors import ModelError
from klankbord.records import Mapped
from klankbord.settings import Settings
from klankbord.shards.loaded import SAME_MODELS, Loaded

if TYPE_CHECKING:
    from klankbord.models import Encoder
    from klankbord.themes import Fitted, Part, Placed, Placer


@dataclass(frozen=True)
class Placing:
    """Places parts of the complaints with `encoder`, the one that `settings` name.

    The encoder never travels: another process loads its own, and it must be the same.
    """

    settings: Settings
    encoder: Encoder
    fitted: Fitted

    def __call__(self, part: Part) -> Placed:
        """Return where the texts of `part` belong."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):  # one order of summation anywhere
            return self.fitted.place(*part, self.encoder)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without the encoder."""
        return placing_with, (self.settings, self.encoder.fingerprint, self.fitted)


def placer(settings: Settings, encoder: Encoder, mapped: Mapped) -> Placer:
    """Return what places complaints part by part; `mapped` may be that of an engine."""

    def place(fitted: Fitted, parts: Iterable[Part]) -> Iterable[Placed]:
        return mapped(Placing(settings, encoder, fitted), parts)

    return place


_loaded: Loaded[Encoder] = Loaded()


def placing_with(settings: Settings, fingerprint: str, fitted: Fitted) -> Placing:
    """Return what places in this process; raises ModelError where it has another encoder."""
    from klankbord.models import load_encoder

    def load() -> Encoder:
        encoder = load_encoder(settings.encoder)
        if encoder.fingerprint != fingerprint:
            raise ModelError("a worker has another sentence encoder", hint=SAME_MODELS)
        return encoder

    return Placing(settings, _loaded.get((settings, fingerprint), load), fitted)
