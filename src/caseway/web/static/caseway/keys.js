/* The keyboard map; the list's own part is in lists.js. A key works only where its function exists;
   single keys never fire inside fields. */
"use strict";
(() => {
  const { one, all, typing, announce } = caseway;
  const page = () => document.body.dataset.page;
  const wide = () => matchMedia("(width >= 1080px)").matches;
  let leader = 0;

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
  const everywhere = {
    "/": () => { const field = all("[data-search]").find((found) => found.offsetParent); if (field) { field.focus(); field.select(); } else caseway.palette?.open(); return true; },
    c: () => go('a[href="/cases/new"]'),
    z: () => { const newest = all("[data-undo] button").pop(); newest?.click(); return Boolean(newest); },
    "?": () => { one("#keys-sheet")?.showModal(); return true; },
  };
  const inCase = {
    r: () => caseway.compose?.("reply"), n: () => caseway.compose?.("note"),
    a: () => openMenu("assign"), s: () => openMenu("status"), p: () => openMenu("priority"), t: () => openMenu("tags"),
    w: () => press('[data-key="waiting"]'), h: () => openMenu("snooze"), m: () => press('[data-key="merge"]'), j: () => go("#next-case[href]"), k: () => go("#previous-case[href]"),
    e: () => press('.apphead [data-key="close"]'), u: () => go("#back"),
  };
  const places = {
    c: "/cases", u: "/cases/unassigned", a: "/cases/all-open", w: "/cases/waiting", e: "/cases/closed", m: "/cases/mentions",
    d: "/cases/drafts", z: "/cases/snoozed", t: "/cases/trash", p: "/contacts", n: "/notifications", s: "/settings",
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !one(".shell")) return;
    if (typing(event.target) || one("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (one(".menu:popover-open")) return moveInMenu(event);
    if (document.body.dataset.shortcuts === "off" && event.key.length === 1) return; // WCAG 2.1.4
    if (Date.now() - leader < 1500 && places[key]) { leader = 0; event.preventDefault(); location.assign(places[key]); return; }
    if (key === "g") { leader = Date.now(); return; }
    if (key === "Enter" && event.target.closest("a, button, summary")) { if (!event.target.closest(".caserow__link")) return; }
    const map = page() === "list" ? caseway.list.keys : page() === "case" ? inCase : caseway.keys?.[page()] ?? {};
    const action = map[key] ?? everywhere[key];
    if (action && action(event) !== false) event.preventDefault();
  });
  function moveInMenu(event) {
    const items = all(".menu:popover-open .menu__item"), at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); items[(at + step + items.length) % items.length]?.focus(); }
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (page() === "case" && !location.hash) one(".casehead__title")?.focus({ preventScroll: true });
  });
  announce("");
})();
