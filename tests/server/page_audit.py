"""What can be computed of a page's accessibility: contrasts, sizes, names, overflow."""

from __future__ import annotations

from typing import Any

# of every visible text its contrast with what lies behind it, by the formula of WCAG 2.2; of
# everything to be touched its smaller side, CSS pixels
AUDIT = """
() => {
  const channel = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) =>
    0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const contrast = (one, other) => {
    const [a, b] = [luminance(one), luminance(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const backdrop = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] === undefined || color[3] === 1) return color;
    }
    throw new Error("the page has no background");
  };
  const isDisabled = (e) => e.closest(":disabled, [aria-disabled='true']") !== null;
  const modal = document.querySelector("dialog[open]");
  const visible = [...(modal ?? document.body).querySelectorAll("*")].filter((e) =>
    e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    !e.closest(".unseen, option, svg"));
  const texts = visible
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .filter((e) => !["SCRIPT", "NOSCRIPT", "STYLE"].includes(e.tagName) && !isDisabled(e))
    .map((e) => [e.textContent.trim(), contrast(parse(getComputedStyle(e).color), backdrop(e))]);
  const controls = visible.filter((e) => e.matches("select, input:not([type=range])"));
  const edges = controls.map((e) =>
    [e.id, contrast(parse(getComputedStyle(e).borderTopColor), backdrop(e.parentElement))]);
  const targets = visible.filter((e) => e.matches("button, a, input, select, summary")).map((e) => {
    const box = e.getBoundingClientRect();
    return [e.id || e.textContent.trim(), Math.min(box.width, box.height)];
  });
  const root = document.documentElement;
  const wide = visible.filter((e) => e.matches(".panel, dialog"))
    .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.id);
  return { texts, edges, targets, wide, overflow: root.scrollWidth - root.clientWidth };
}
"""

NAMED = {
    "button", "checkbox", "combobox", "slider", "spinbutton", "switch", "tab", "textbox",
    "ColorWell", "application", "dialog", "tabpanel",
}  # fmt: skip
"""Roles that mean nothing to a screen reader without a name."""


async def check_accessibility(page: Any) -> None:
    """Raises AssertionError with what is wrong on the page as it is now."""
    found = await page.evaluate(AUDIT)
    assert found["texts"]
    for text, contrast in found["texts"]:
        assert contrast >= 4.5, f"{text!r} has a contrast of {contrast:.2f}"
    for name, contrast in found["edges"]:
        assert contrast >= 3, f"the border of {name!r} has a contrast of {contrast:.2f}"
    for name, side in found["targets"]:
        assert side >= 24, f"{name!r} is {side} px"
    assert found["overflow"] <= 0, "the page scrolls sideways"
    assert not found["wide"], f"these scroll sideways: {found['wide']}"
    roles = await nameless(page)
    assert not roles, f"these have no name: {roles}"


async def nameless(page: Any) -> list[str]:
    """Roles of what Chromium's own accessibility tree has without a name."""
    protocol = await page.context.new_cdp_session(page)
    nodes = (await protocol.send("Accessibility.getFullAXTree"))["nodes"]
    await protocol.detach()
    roles = [
        node["role"]["value"]
        for node in nodes
        if not node.get("ignored") and not node.get("name", {}).get("value")
    ]
    return [role for role in roles if role in NAMED]
