"""Looks into an XLSX archive before anything parses it: counts what really unpacks, and refuses bombs.

The sizes in an archive's directory are claims. Each member is inflated in pieces and the pieces are counted, so a
file of 400 kB that unpacks to 400 MB is refused after the first few megabytes, in milliseconds.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from metrology.documents.workbook import ReadLimits
from metrology.domain.problems import Problem

_PIECE: Final = 256 * 1024
_RATIO_COUNTS_FROM: Final = 1024 * 1024
_ENCRYPTED_FLAG: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def check_archive(data: bytes, limits: ReadLimits) -> list[str]:
    """The names of the members, after each was unpacked and counted within the limits."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_directory(members, limits)
            left = limits.unpacked_bytes
            for member in members:
                left -= _unpacked_size(archive, member, left, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise Problem("file_damaged") from error
    return [member.filename for member in members]


def _check_directory(members: list[zipfile.ZipInfo], limits: ReadLimits) -> None:
    if len(members) > limits.members:
        raise Problem("file_too_complex", reason="members", limit=limits.members)
    if len({member.filename for member in members}) != len(members):
        raise Problem("file_damaged")
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        raise Problem("file_encrypted")
    if any(member.compress_type not in _METHODS for member in members):
        raise Problem("file_damaged")


def _unpacked_size(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, limits: ReadLimits) -> int:
    size = 0
    with archive.open(member) as stream:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > left:
                raise Problem("file_too_complex", reason="unpacked_bytes", limit=limits.unpacked_bytes)
            if size > _RATIO_COUNTS_FROM and size > limits.ratio * max(member.compress_size, 1):
                raise Problem("file_too_complex", reason="ratio", limit=limits.ratio)
    return size
