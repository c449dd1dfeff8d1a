"""What a certificate cites: clauses of norms, never the web page on which a number was found."""

import pytest

from metrology.services.certificate_tables import cited


@pytest.mark.parametrize(
    ("clause", "printed"),
    [
        ("JJG 443-2023; 5.2", "JJG 443-2023; 5.2"),
        ("OIML R 76-1:2006 3.8.2.1", "OIML R 76-1:2006 3.8.2.1"),
        ("runyun888.cn news 332 (overview of JJG 443-2023)", ""),
        (None, ""),
    ],
)
def test_only_norms_are_cited(clause: str | None, printed: str) -> None:
    assert cited({"clause": clause}) == printed
