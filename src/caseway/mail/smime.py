"""The readable content of an opaque S/MIME signature (RFC 8551, CMS SignedData). Nothing is verified here."""

from __future__ import annotations

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_SEQUENCE, _OBJECT, _OCTETS, _OCTETS_CONSTRUCTED, _CONTEXT_0, _SET, _INTEGER = 0x30, 0x06, 0x04, 0x24, 0xA0, 0x31, 0x02
_MOST_CHUNKS = 1_000_000


def signed_content(data: bytes) -> bytes | None:
    """The MIME entity inside application/pkcs7-mime signed data; None when it is encrypted, detached or damaged."""
    try:
        return _Reader(data).signed_content()
    except (IndexError, ValueError):
        return None


class _Reader:
    """A cursor over BER, definite and indefinite lengths; enough of CMS to reach the content."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def signed_content(self) -> bytes | None:
        self._enter(_SEQUENCE)
        if self._value(_OBJECT) != _SIGNED_DATA:
            return None
        self._enter(_CONTEXT_0)
        self._enter(_SEQUENCE)
        self._value(_INTEGER)
        tag, length = self._head()
        if tag != _SET or length is None:
            return None
        self.position += length
        self._enter(_SEQUENCE)
        self._value(_OBJECT)
        self._enter(_CONTEXT_0)
        return self._octets()

    def _head(self) -> tuple[int, int | None]:
        """(tag, length); length None is indefinite."""
        tag, first = self.data[self.position], self.data[self.position + 1]
        self.position += 2
        if first < 0x80:
            return tag, first
        count = first & 0x7F
        if count == 0:
            return tag, None
        if count > 4:
            raise ValueError("length too long")
        length = int.from_bytes(self.data[self.position : self.position + count], "big")
        self.position += count
        return tag, length

    def _enter(self, expected: int) -> None:
        tag, _ = self._head()
        if tag != expected:
            raise ValueError("unexpected tag")

    def _value(self, expected: int) -> bytes:
        tag, length = self._head()
        if tag != expected or length is None:
            raise ValueError("unexpected tag")
        self.position += length
        return self.data[self.position - length : self.position]

    def _octets(self) -> bytes | None:
        tag, length = self._head()
        if tag == _OCTETS and length is not None:
            return self.data[self.position : self.position + length]
        if tag != _OCTETS_CONSTRUCTED:
            return None
        end = len(self.data) if length is None else min(self.position + length, len(self.data))
        chunks: list[bytes] = []
        while self.position < end and len(chunks) < _MOST_CHUNKS:
            tag, size = self._head()
            if tag != _OCTETS or size is None:  # end-of-contents of an indefinite length
                break
            chunks.append(self.data[self.position : self.position + size])
            self.position += size
        return b"".join(chunks)
