"use strict";
(() => {
  const rows = [...document.querySelectorAll("[data-row]")];
  const typing = (at) => at.matches("input, textarea, select, [contenteditable]");
  const move = (by) => {
    const now = rows.indexOf(document.activeElement);
    const to = now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by;
    rows[Math.max(0, Math.min(rows.length - 1, to))].focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target)) return;
    if (rows.length && (event.key === "j" || event.key === "k")) return move(event.key === "j" ? 1 : -1);
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    if (found instanceof HTMLDetailsElement) {
      found.open = !found.open;
      (found.open && found.querySelector("input:not([type=hidden])") || found.querySelector("summary")).focus();
    } else if (found.matches("input, textarea")) {
      found.focus();
    } else {
      found.click();
    }
  });
  for (const button of document.querySelectorAll("[data-copy]")) {
    const name = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(text.value);
      } catch {
        text.select();
        document.execCommand("copy");
      }
      button.textContent = button.dataset.done;
      setTimeout(() => (button.textContent = name), 2000);
    });
  }
  const texts = [...document.querySelectorAll("[data-keep]")];
  let sent = null;
  document.addEventListener("submit", (event) => (sent = event.target));
  addEventListener("beforeunload", (event) => {
    if (texts.some((one) => one.form !== sent && one.value !== one.defaultValue)) event.preventDefault();
    sent = null;
  });
})();
