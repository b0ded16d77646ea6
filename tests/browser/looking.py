"""What can be seen to be wrong with a page: cut off, overlapping, without focus, unreadable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOCUS = """
() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    name: element.localName, text: element.textContent.trim().slice(0, 60),
    href: element.getAttribute("href"),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
  };
}
"""
_ROLLS = """
const rolls = (element) => {
  for (let box = element; box && box !== document.body; box = box.parentElement) {
    const moves = /auto|scroll/.test(getComputedStyle(box).overflowX);
    if (moves && box.scrollWidth > box.clientWidth + 1) { return true; }
  }
  return false;
};
"""
CUT = """
() => {
  ROLLS
  const all = document.querySelectorAll("main *, header *, nav *, footer *");
  const cut = [...all].filter((element) => {
    if (element.closest(".hidden, thead, svg, [hidden]")) { return false; }
    if (!element.checkVisibility() || rolls(element)) { return false; }
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
  });
  return cut.map((one) => `${one.localName}.${one.className} ${one.textContent.slice(0, 40)}`);
}
""".replace("ROLLS", _ROLLS)
OVERLAPS = """
() => {
  ROLLS
  const found = [];
  const texts = [...document.querySelectorAll("main *")].filter((element) =>
    !element.closest("svg, .hidden, .skip, [hidden]") && !rolls(element)
    && element.checkVisibility()
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const placed = (element) => getComputedStyle(element.closest("thead") || element).position;
  const boxes = texts.filter((element) => placed(element) !== "absolute")
    .flatMap((element) => {
      const range = document.createRange();
      const nodes = [...element.childNodes].filter((one) => one.nodeType === 3 && one.data.trim());
      return nodes.flatMap((node) => {
        range.selectNodeContents(node);
        return [...range.getClientRects()].map((box) => ({box, node}));
      });
    });
  boxes.sort((a, b) => a.box.top - b.box.top);
  boxes.forEach(({box, node}, at) => {
    for (const {box: other, node: near} of boxes.slice(at + 1)) {
      if (other.top >= box.bottom - 6) { break; }
      if (near !== node && other.left < box.right - 3 && box.left < other.right - 3) {
        found.push(`${node.data.trim().slice(0, 30)} / ${near.data.trim().slice(0, 30)}`);
      }
    }
  });
  return found;
}
""".replace("ROLLS", _ROLLS)
STRUCTURE = """
(root) => [...root.querySelectorAll("*")].map(
  (element) => [element.localName, ...element.getAttributeNames().sort()].join(" "))
"""
POKE = """
() => document.querySelectorAll("*").forEach((element) => {
  for (const kind of ["mouseover", "focus", "click", "toggle", "pointerover"]) {
    if (element.localName !== "summary") { element.dispatchEvent(new Event(kind)); }
  }
})
"""


def open_everything(page: Page) -> None:
    """Unfold what is folded."""
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")


def structure(page: Page) -> list[str]:
    """Return the elements of a page in order, with the names of their attributes."""
    return page.evaluate(f"({STRUCTURE})(document)")


def serious(page: Page) -> list[str]:
    """Return what the rules of axe find serious or critical."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    )
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in axe.Axe().run(page).response["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
