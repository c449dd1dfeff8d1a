"""A form as a browser sends it: what stands in the fields of a page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    """The fields of each form of a page: of several chosen a list, as a test client takes them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._name = ""
        self._text: list[str] | None = None
        self._choices: list[tuple[str, bool]] = []
        self._takes_many = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.forms.append({})
        elif tag == "option":
            self._choices.append((given.get("value", ""), "selected" in given))
        elif tag == "select" and "name" in given:
            self._name, self._choices, self._takes_many = given["name"], [], "multiple" in given
        elif tag == "textarea":
            self._name, self._text = given["name"], []
        elif tag == "input" and "name" in given and self.forms:
            self._input(given)

    def _input(self, given: dict[str, str]) -> None:
        is_box = given.get("type") in ("checkbox", "radio")
        if not is_box:
            self.forms[-1][given["name"]] = given.get("value", "")
        elif "checked" in given:
            self.forms[-1].setdefault(given["name"], []).append(given.get("value", "y"))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            self.forms[-1][self._name], self._text = "".join(self._text).removeprefix("\r\n").strip("\n"), None
        elif tag == "select" and self._name and self.forms:
            chosen = [value for value, is_chosen in self._choices if is_chosen]
            if not self._takes_many:
                chosen = chosen or [value for value, _chosen in self._choices[:1]]
            self.forms[-1][self._name], self._name = chosen, ""


def form_on(page: str, field: str = "version") -> dict[str, Any]:
    """What the form that has a field would send as it stands on a page."""
    found = _Fields()
    found.feed(page)
    return next(one for one in found.forms if field in one)
