"""Keyed pseudonyms: the same customer always gets the same name, and only the key leads back."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.errors import KlankbordError, WorkspaceError
from klankbord.placeholders import CODE_CHARACTERS
from klankbord.privacy.keyfile import default_key_path, load_or_create_key

IDENTITIES = pa.schema(
    [
        pa.field("pseudonym", pa.string(), nullable=False),
        pa.field("sealed", pa.binary(), nullable=False),
    ]
)

# What is replaced, and the letter the pseudonym starts with. Conversation ids go too, because
# telephone systems build them from customer numbers and times of day.
_PREFIXES = {"customer_id": "K", "account_id": "A", "conversation_id": "G"}
_REVERSIBLE = ("customer_id", "account_id")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PSEUDONYM_CHARACTERS = 10  # 50 bits: one chance in 2,000 of any collision among a million ids


class Pseudonymiser:
    """Replaces identifiers by keyed pseudonyms and seals the originals for holders of the key."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        self._naming_key = _derive(key, "pseudonym", 32)
        self._cipher = AESSIV(_derive(key, "seal", 64))
        self._text_key = _derive(key, "text", 32)
        self._barring_key = _derive(key, "bar", 32)
        self.check_value = _derive(key, "check", 16).hex()

    @classmethod
    def from_key_file(cls, path: Path | str | None = None) -> Pseudonymiser:
        """Load the key from `path` or the user's configuration folder, making it when absent."""
        return cls(load_or_create_key(Path(path) if path else default_key_path()))

    def feedback(self, table: pa.Table) -> pa.Table:
        """Replace customer, account and conversation ids; empty ids become null."""
        return self._replace(table)

    def customers(self, table: pa.Table) -> pa.Table:
        """Replace customer and account ids of a customer table."""
        return self._replace(table)

    def identities(self, table: pa.Table) -> pa.Table:
        """Return an IDENTITIES table of the original customer and account ids in `table`.

        Call it before the ids are replaced, and give the result to the workspace.
        """
        originals: dict[str, str] = {}
        for column in _REVERSIBLE:
            if column in table.column_names:
                for value in pc.unique(table.column(column)).to_pylist():
                    name = self.pseudonym(column, value)
                    if name is not None:
                        originals[name] = _normal(value)
        names = sorted(originals)
        sealed = self.seal(originals[name] for name in names)
        return pa.table([names, sealed], schema=IDENTITIES)

    def pseudonym(self, column: str, value: str | None) -> str | None:
        """Name one original `value` of `column` ("customer_id", …) as it is named in the tables."""
        text = _normal(value or "")
        if not text:
            return None
        digest = hmac.digest(self._naming_key, f"{column}|{text}".encode(), "sha256")
        return f"{_PREFIXES[column]}-{_base32(digest)}"

    def code(self, kind: str, text: str) -> str:
        """Return four characters that stand for what `text` says, however it is written.

        They tell a reader that two texts name the same person or number; with a million
        possibilities they identify nobody by themselves.
        """
        said = "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign.isalnum())
        digest = hmac.digest(self._text_key, f"{kind}|{said.casefold()}".encode(), "sha256")
        return _base32(digest)[:CODE_CHARACTERS]

    def is_pseudonym(self, column: str, text: str) -> bool:
        """Tell whether `text` is written as a pseudonym for `column` is."""
        prefix, _, rest = text.partition("-")
        fits = prefix == _PREFIXES[column] and len(rest) == _PSEUDONYM_CHARACTERS
        return fits and set(rest) <= set(_CROCKFORD)

    def bar_hash(self, name: str) -> str:
        """Return the keyed hash of a pseudonym or feedback id; without the key it tells nothing."""
        return hmac.digest(self._barring_key, name.encode("utf-8", "replace"), "sha256").hex()

    def seal(self, ids: Iterable[str]) -> list[bytes]:
        """Encrypt ids with AES-SIV: the same id gives the same bytes, so they can be compared."""
        return [self._cipher.encrypt(value.encode(), None) for value in ids]

    def open(self, sealed: Iterable[bytes]) -> list[str]:
        """Decrypt what `seal` made; raises WorkspaceError under another key or after tampering."""
        from cryptography.exceptions import InvalidTag

        try:
            return [self._cipher.decrypt(value, None).decode() for value in sealed]
        except (InvalidTag, ValueError):
            # Not chained: the cause may carry the sealed bytes.
            raise WorkspaceError(
                "a sealed customer id cannot be opened: other key, or altered data",
                hint="use the key file that this workspace was made with",
            ) from None

    def _replace(self, table: pa.Table) -> pa.Table:
        for column in _PREFIXES:
            index = table.schema.get_field_index(column)
            if index >= 0:
                field = table.schema.field(index)
                table = table.set_column(index, field, self._column(table, column))
        return table

    def _column(self, table: pa.Table, column: str) -> pa.ChunkedArray:
        encoded = table.column(column).cast(pa.string()).combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        names = [self.pseudonym(column, value) for value in encoded.dictionary.to_pylist()]
        replaced = pa.array(names, pa.string()).take(encoded.indices)
        if replaced.null_count and not table.schema.field(column).nullable:
            raise KlankbordError(
                f"{replaced.null_count} rows have no {column}",
                hint="leave out rows without an id",
            )
        return pa.chunked_array([replaced])


def _normal(value: str) -> str:
    return unicodedata.normalize("NFC", value).strip()


def _base32(digest: bytes) -> str:
    number = int.from_bytes(digest[:8], "big") >> (64 - 5 * _PSEUDONYM_CHARACTERS)
    letters = []
    for _ in range(_PSEUDONYM_CHARACTERS):
        letters.append(_CROCKFORD[number & 31])
        number >>= 5
    return "".join(reversed(letters))


def _derive(key: bytes, purpose: str, length: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

    return HKDFExpand(SHA256(), length, f"klankbord {purpose} v1".encode()).derive(key)
