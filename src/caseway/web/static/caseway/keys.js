/* The list with its selection and preview, and the keyboard map. A key works only where its function exists;
   single keys never fire inside fields. */
"use strict";
(() => {
  const { one, all, typing, get, fragment, watchFrames, freshTimes, announce } = caseway;
  const page = () => document.body.dataset.page;
  const wide = () => matchMedia("(width >= 1080px)").matches;
  let current = null, previewed = "", leader = 0;

  /* ── the current row ── */
  const rows = () => all("#rows > .caserow");
  const previewOn = () => wide() && one("#preview") && !document.documentElement.hasAttribute("data-no-preview");

  function choose(row, focus = true) {
    if (!row) return;
    rows().forEach((other) => {
      const is = other === row;
      other.classList.toggle("caserow--current", is);
      if (is) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current");
      one(".caserow__link", other).tabIndex = is ? 0 : -1;
    });
    current = row.dataset.number;
    if (focus) one(".caserow__link", row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    if (previewOn()) preview(row);
  }
  const currentRow = () => rows().find((row) => row.dataset.number === current);

  async function preview(row) {
    const url = one(".caserow__link", row).dataset.preview;
    if (previewed === url) return;
    previewed = url;
    const response = await get(url);
    if (!response.ok || previewed !== url) return;
    const pane = one("#preview");
    pane.replaceChildren(fragment(await response.text()));
    globalThis.htmx?.process(pane);
    watchFrames(pane);
    freshTimes();
    const scroller = one(".scroll", pane);
    requestAnimationFrame(() => { scroller.scrollTop = 0; });
  }
  function move(step) {
    const list = rows(), at = list.findIndex((row) => row.dataset.number === current);
    choose(list[Math.max(0, Math.min(list.length - 1, at + step))]);
  }
  function togglePreview() {
    const off = document.documentElement.toggleAttribute("data-no-preview");
    try { localStorage.setItem("caseway-preview", off ? "off" : "on"); } catch { /* private mode */ }
    const row = currentRow();
    if (!off && row) { previewed = ""; preview(row); }
  }
  try { if (localStorage.getItem("caseway-preview") === "off") document.documentElement.toggleAttribute("data-no-preview", true); } catch { /* private mode */ }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-toggle-preview]")) togglePreview();
    const link = event.target.closest("#rows .caserow__link");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const row = link.closest(".caserow");
    if (previewOn() && row.dataset.number !== current) { event.preventDefault(); choose(row); }
  });

  /* ── several rows at once ── */
  function countSelected() {
    const bar = one("[data-selected]");
    if (bar) bar.textContent = bar.dataset.text.replace("%s", all(".caserow__check:checked").length);
  }
  document.addEventListener("change", (event) => { if (event.target.matches(".caserow__check")) countSelected(); });
  document.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-bulk]");
    if (choice) {
      const form = one("#bulk");
      one("[data-bulk-value]", form).value = choice.dataset.value;
      const action = one("[data-bulk-action]", form);
      action.disabled = false;
      action.value = choice.dataset.bulk;
      form.submit();
    }
    if (event.target.closest("[data-clear-selection]")) { all(".caserow__check:checked").forEach((box) => { box.checked = false; }); }
  });
  function tick() {
    const box = currentRow() && one(".caserow__check", currentRow());
    if (box) { box.checked = !box.checked; countSelected(); }
  }

  /* ── the keyboard map ── */
  const go = (selector) => { const link = one(selector); if (link) location.assign(link.href); return Boolean(link); };
  const press = (selector) => { const button = all(selector).find((found) => found.checkVisibility?.() ?? true) ?? one(selector); button?.click(); return Boolean(button); };
  const openMenu = (key) => {
    const button = one(`[data-key="${key}"]`);
    if (!button) return false;
    const sheet = one("#overview");
    if (sheet && !wide()) sheet.showPopover?.();
    if (button.tagName === "INPUT") { button.focus(); button.select(); } else { button.click(); setTimeout(() => one(".menu:popover-open .menu__item")?.focus(), 30); }
    return true;
  };
  const fromPreview = (hash) => {
    const open = one("#preview .casehead__open");
    if (!open) return false;
    location.assign(open.href + hash);
    return true;
  };
  const everywhere = {
    "/": () => { const field = all("[data-search]").find((found) => found.offsetParent); field?.focus(); field?.select(); return Boolean(field); },
    c: () => go('a[href="/cases/new"]'),
    z: () => { const newest = all("[data-undo] button").pop(); newest?.click(); return Boolean(newest); },
    "?": () => { one("#keys-sheet")?.showModal(); return true; },
  };
  const list = {
    j: () => move(1), k: () => move(-1), x: tick, v: togglePreview,
    Enter: () => { const link = currentRow() && one(".caserow__link", currentRow()); if (link) location.assign(link.href); },
    o: () => list.Enter(),
    ".": () => press("#new-cases:not([hidden]) a"),
    e: () => (all(".caserow__check:checked").length ? press('#bulk [value="close"]') : press('#preview [data-key="close"]')),
    r: () => fromPreview("#reply"), n: () => fromPreview("#note"),
  };
  const inCase = {
    r: () => caseway.compose?.("reply"), n: () => caseway.compose?.("note"),
    a: () => openMenu("assign"), s: () => openMenu("status"), p: () => openMenu("priority"), t: () => openMenu("tags"),
    w: () => press('[data-key="waiting"]'), e: () => press('.apphead [data-key="close"]'), u: () => go("#back"),
  };
  const places = { c: "/cases", u: "/cases/unassigned", p: "/contacts", n: "/notifications", s: "/settings" };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !one(".shell")) return;
    if (typing(event.target) || one("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (one(".menu:popover-open")) return moveInMenu(event);
    if (document.body.dataset.shortcuts === "off" && event.key.length === 1) return; // WCAG 2.1.4
    if (Date.now() - leader < 1500 && places[key]) { leader = 0; event.preventDefault(); location.assign(places[key]); return; }
    if (key === "g") { leader = Date.now(); return; }
    if (key === "Enter" && event.target.closest("a, button, summary")) { if (!event.target.closest(".caserow__link")) return; }
    const map = page() === "list" ? list : page() === "case" ? inCase : {};
    const action = map[key] ?? everywhere[key];
    if (action && action() !== false) event.preventDefault();
  });
  function moveInMenu(event) {
    const items = all(".menu:popover-open .menu__item"), at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); items[(at + step + items.length) % items.length]?.focus(); }
  }

  function start() {
    const first = rows()[0];
    rows().forEach((row) => { one(".caserow__link", row).tabIndex = row === first ? 0 : -1; });
    if (first && previewOn()) choose(first, false);
  }
  document.addEventListener("DOMContentLoaded", () => {
    if (page() === "list") start();
    if (page() === "case" && !location.hash) one(".casehead__title")?.focus({ preventScroll: true });
  });
  caseway.list = { start, rows, currentRow, choose, refreshPreview: () => { const row = currentRow(); if (row && previewOn() && !typing(document.activeElement)) { previewed = ""; preview(row); } } };
  announce("");
})();
