"""A dwelling's address as utilities write it, cut into community, building and door.

>>> split_address("获嘉县示范小区1号楼1户", ("获嘉县",))
DwellingAddress(community='示范小区', building='1号楼', door='1户')
>>> split_address("新乡市红旗区和平大道88号院12栋2单元301室", ("新乡市", "红旗区"))
DwellingAddress(community='和平大道88号院', building='12栋', door='2单元301室')
>>> split_address("东街村二组17号")
DwellingAddress(community='东街村', building='', door='二组17号')
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_BUILDING = re.compile(
    r"(?P<before>.*?)"
    r"(?P<building>(?:[A-Za-z]?[0-9]{1,4}[A-Za-z]?|[一二三四五六七八九十]{1,4}|[A-Za-z])\s*(?:号楼|#楼|#|号栋|栋|幢|座|楼))"
    r"(?P<door>.*)"
)
_DOOR = re.compile(
    r"(?P<before>.*?\D)"
    r"(?P<door>(?:[0-9一二三四五六七八九十]{1,3}(?:单元|门|组))?\s*[0-9A-Za-z\-]{1,8}\s*(?:室|户|号|房|号房)?)"
)
_LEVELS = 3
"""Province, city, district."""
_PROVINCE = re.compile(r"^[^省市区县]{2,3}省")


class DwellingAddress(NamedTuple):
    """Community (or street), building and door; what an address does not say is blank."""

    community: str
    building: str
    door: str


def split_address(text: str, districts: Sequence[str] = ()) -> DwellingAddress:
    """Cut an address. The names in `districts` are taken off its front: they are kept as the district of the place."""
    rest = _PROVINCE.sub("", text.strip())
    names = tuple(districts)
    for _again in range(_LEVELS):
        if not rest.startswith(names):
            break
        for name in names:
            if name and rest.startswith(name) and len(rest) > len(name):
                rest = rest[len(name) :].lstrip(" ,\uff0c、")
    if (found := _BUILDING.fullmatch(rest)) and found["before"].strip():
        return DwellingAddress(
            found["before"].strip(" ,\uff0c、-"), found["building"].strip(), found["door"].strip(" ,、-")
        )
    if found := _DOOR.fullmatch(rest):
        return DwellingAddress(found["before"].strip(" ,\uff0c、-"), "", found["door"].strip())
    return DwellingAddress(rest, "", "")
