"""Addresses of dwellings are cut where the community, the building and the door meet."""

import pytest

from metrology.domain.address import split_address

DISTRICTS = ("新乡市", "获嘉县", "红旗区")


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("获嘉县示范小区1号楼1户", ("示范小区", "1号楼", "1户")),
        ("河南省新乡市红旗区示范小区12号楼3单元502", ("示范小区", "12号楼", "3单元502")),
        ("示范花园A座1201室", ("示范花园", "A座", "1201室")),
        ("示范家园3#楼2单元-301", ("示范家园", "3#楼", "2单元-301")),
        ("和平大道88号", ("和平大道", "", "88号")),
        ("示范小区", ("示范小区", "", "")),
        ("红旗区", ("红旗区", "", "")),
        ("", ("", "", "")),
    ],
)
def test_an_address_is_cut(text: str, cut: tuple[str, str, str]) -> None:
    assert tuple(split_address(text, DISTRICTS)) == cut


def test_nothing_of_an_address_is_lost() -> None:
    text = "示范小区1号楼2单元301室"
    assert "".join(split_address(text)) == text


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("新乡市，红旗区、示范小区、1号楼、301", ("示范小区", "1号楼", "301")),
        ("新乡市 红旗区,示范小区,1号楼,301", ("示范小区", "1号楼", "301")),
        ("示范小区-1号楼 - 301", ("示范小区", "1号楼", "301")),
        ("示范小区，88号", ("示范小区", "", "88号")),
        ("X区示范X 88号", ("X区示范X", "", "88号")),
    ],
)
def test_what_parts_an_address_is_no_part_of_it(text: str, cut: tuple[str, str, str]) -> None:
    assert tuple(split_address(text, DISTRICTS)) == cut


def test_a_letter_at_an_end_stays() -> None:
    assert tuple(split_address("新乡市,X区示范小区1号楼301X", DISTRICTS)) == ("X区示范小区", "1号楼", "301X")
