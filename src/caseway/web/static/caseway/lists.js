/* The list of cases: its current row and preview, several rows at once, rows that change elsewhere, and what the
   keyboard does here. Filters have a file of their own. */
"use strict";
(() => {
  const { one, all, typing, get, fragment, watchFrames, freshTimes, startToasts, announce } = caseway;
  const body = document.body;
  const root = document.documentElement;
  const wide = () => matchMedia("(width >= 1080px)").matches;
  const remember = { read: (key) => { try { return sessionStorage.getItem(key); } catch { return null; } }, write: (key, text) => { try { sessionStorage.setItem(key, text); } catch { /* private mode */ } } };

  /* ── on a case's page: Back leads to the list as it was, with its filters ── */
  if (body.dataset.page === "case") {
    document.addEventListener("DOMContentLoaded", () => {
      const kept = JSON.parse(remember.read("caseway-list") ?? "null"), back = one("#back");
      const from = new URLSearchParams(location.search).get("list");
      if (kept && back && from === kept.view && kept.url.startsWith("/cases")) back.href = kept.url;
    });
  }
  if (body.dataset.page !== "list") return;
  const isNarrowed = location.search || location.pathname.startsWith("/cases/views/");
  remember.write("caseway-list", isNarrowed ? JSON.stringify({ view: body.dataset.view, url: location.pathname + location.search }) : "null");

  let current = null, previewed = "", anchor = null, reading = 0;

  /* ── the current row ── */
  const rows = () => all("#rows > .caserow");
  const rowOf = (number) => one(`#row-${CSS.escape(number)}`);
  const currentRow = () => (current ? rowOf(current) : null);
  const link = (row) => one(".caserow__link", row);
  const previewOn = () => wide() && one("#preview") && !root.hasAttribute("data-no-preview");

  function choose(row, byPerson = true) {
    if (!row) return;
    const before = currentRow();
    for (const other of new Set([before, ...(before ? [] : rows())])) {
      if (!other || other === row) continue;
      other.classList.remove("caserow--current");
      other.removeAttribute("aria-current");
      link(other).tabIndex = -1;
    }
    mark(row);
    current = row.dataset.number;
    if (byPerson) link(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    if (previewOn()) preview(row, byPerson);
  }
  function mark(row) {
    row.classList.add("caserow--current");
    row.setAttribute("aria-current", "true");
    link(row).tabIndex = 0;
  }
  function move(step, extend) {
    const list = rows(), at = list.findIndex((row) => row.dataset.number === current);
    const next = list[Math.max(0, Math.min(list.length - 1, at + step))];
    if (extend) { tickOne(list[at], true); tickOne(next, true); counted(); }
    choose(next);
    if (next === list.at(-1)) one("#more-rows a")?.click();
  }

  async function preview(row, byPerson) {
    const url = link(row).dataset.preview;
    if (previewed === url) return;
    previewed = url;
    clearTimeout(reading);
    const response = await get(url);
    if (!response.ok || previewed !== url) return;
    const pane = one("#preview");
    pane.replaceChildren(fragment(await response.text()));
    globalThis.htmx?.process(pane);
    watchFrames(pane);
    freshTimes();
    const scroller = one(".scroll", pane), number = row.dataset.number;
    requestAnimationFrame(() => { scroller.scrollTop = 0; });
    // who stays at a case for a moment has read it
    if (byPerson && row.classList.contains("caserow--unread")) reading = setTimeout(() => { if (current === number) setMarks("read", [number]); }, 1500);
  }
  function togglePreview() {
    const off = root.toggleAttribute("data-no-preview");
    try { localStorage.setItem("caseway-preview", off ? "off" : "on"); } catch { /* private mode */ }
    const row = currentRow();
    if (!off && row) { previewed = ""; preview(row, true); }
  }
  try { if (localStorage.getItem("caseway-preview") === "off") root.toggleAttribute("data-no-preview", true); } catch { /* private mode */ }

  /* ── several rows at once ── */
  const ticked = () => all(".caserow__check:checked").map((box) => box.value);
  function tickOne(row, on) { const box = row && one(".caserow__check", row); if (box) box.checked = on; }
  function counted() {
    const bar = one("[data-selected]"), count = ticked().length;
    if (bar) bar.textContent = bar.dataset.text.replace("%s", count);
  }
  function tick(row, isRange) {
    const box = row && one(".caserow__check", row);
    if (!box) return false;
    const from = anchor && rowOf(anchor);
    if (isRange && from) tickRange(from, row, true);
    else box.checked = !box.checked;
    anchor = row.dataset.number;
    counted();
    return true;
  }
  function tickRange(from, to, on) {
    const list = rows(), [first, last] = [list.indexOf(from), list.indexOf(to)].sort((a, b) => a - b);
    list.slice(first, last + 1).forEach((row) => tickOne(row, on));
  }
  function clear() {
    const boxes = all(".caserow__check:checked");
    boxes.forEach((box) => { box.checked = false; });
    anchor = null;
    return boxes.length > 0;
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-toggle-preview]")) { togglePreview(); return; }
    if (event.target.closest("[data-clear-selection]")) { clear(); link(currentRow() ?? rows()[0])?.focus(); return; }
    const box = event.target.closest("#rows .caserow__check");
    if (box) {
      const row = box.closest(".caserow"), from = anchor && rowOf(anchor);
      if (event.shiftKey && from) tickRange(from, row, box.checked);
      anchor = row.dataset.number;
      counted();
      return;
    }
    const clicked = event.target.closest("#rows .caserow__link");
    if (!clicked || event.ctrlKey || event.metaKey || event.button) return;
    const row = clicked.closest(".caserow");
    if (event.shiftKey) { event.preventDefault(); tick(row, true); getSelection().removeAllRanges(); return; }
    if (previewOn() && row.dataset.number !== current) { event.preventDefault(); choose(row); }
  });

  /* one change for all ticked rows: said at once, and the rows follow what the server answers */
  async function submitBulk(form, button) {
    const numbers = ticked();
    const data = new FormData(form);
    if (button?.name) data.set(button.name, button.value);
    const target = button?.getAttribute("formaction") ?? form.getAttribute("action");
    form.setAttribute("aria-busy", "true");
    all("[popover]:popover-open", form).forEach((menu) => menu.hidePopover());
    let answer = null;
    try {
      const response = await fetch(target, { method: "POST", credentials: "same-origin", body: new URLSearchParams(data) });
      if (response.ok) answer = new DOMParser().parseFromString(await response.text(), "text/html");
    } catch { /* said below */ }
    form.removeAttribute("aria-busy");
    if (!answer || !one("#toasts", answer)) { HTMLFormElement.prototype.submit.call(form); return; }
    adoptToasts(answer);
    adoptCounts(answer);
    clear();
    await draw(numbers, true);
  }
  function adoptToasts(answer) {
    const toasts = all("[data-toast]", one("#toasts", answer));
    if (!toasts.length) return;
    one("#toasts").replaceChildren(...toasts);
    startToasts();
    announce(toasts.map((toast) => one("span", toast)?.textContent ?? "").join(" "));
  }
  function adoptCounts(answer) {
    for (const place of all("[data-count]")) {
      const fresh = one(`[data-count="${place.dataset.count}"]`, answer);
      if (fresh) place.textContent = fresh.textContent;
    }
  }
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "bulk") return;
    event.preventDefault();
    if (ticked().length) submitBulk(event.target, event.submitter);
  });

  async function setMarks(what, numbers) {
    const form = one("#bulk"), data = new URLSearchParams({ do: what });
    numbers.forEach((number) => data.append("case", number));
    const headers = { "X-CSRFToken": one("input[name=csrfmiddlewaretoken]").value, "HX-Request": "true" };
    const response = await fetch(form.dataset.marks, { method: "POST", credentials: "same-origin", headers, body: data }).catch(() => null);
    if (response?.ok) await draw(numbers, false);
  }

  /* ── rows that changed: those that are shown stay where they are, new ones wait behind a banner ── */
  const fresh = new Set(), waiting = new Set();
  let timer = 0, isDrawing = false;

  function changed(number) {
    waiting.add(String(number));
    clearTimeout(timer);
    timer = setTimeout(drawWaiting, 150);
  }
  async function drawWaiting() {
    if (isDrawing) return;
    isDrawing = true;
    try {
      while (waiting.size) {
        const numbers = [...waiting].slice(0, 100);
        numbers.forEach((number) => waiting.delete(number));
        await draw(numbers, false);
      }
    } finally { isDrawing = false; } // the connection may be lost meanwhile; what was missed is asked for when it is back
  }

  /* `mine`: the change was made here, so rows that left the list go; otherwise they fade and stay */
  async function draw(numbers, mine) {
    if (!numbers.length) return;
    const query = new URLSearchParams(body.dataset.query);
    numbers.forEach((number) => query.append("n", number));
    const response = await get(`/cases/rows?${query}`);
    if (!response.ok) return;
    const found = new Map([...fragment(await response.text()).querySelectorAll(".caserow")].map((row) => [row.dataset.number, row]));
    const list = rows(), at = list.findIndex((row) => row.dataset.number === current);
    let isCurrentGone = false;
    for (const number of numbers) {
      const shown = rowOf(number), row = found.get(number), hasLeft = !row || row.classList.contains("caserow--left");
      if (shown && (!row || (mine && hasLeft))) { isCurrentGone ||= number === current; shown.remove(); }
      else if (shown) replace(shown, row);
      else if (!hasLeft) await arrive(row);
    }
    all("#rows > .group").forEach((heading) => { if (!heading.nextElementSibling?.matches(".caserow")) heading.remove(); });
    freshTimes();
    if (!rows().length && !one("#more-rows") && mine) { location.reload(); return; }
    if (isCurrentGone) choose(rows()[Math.min(Math.max(at, 0), rows().length - 1)]);
  }
  function replace(shown, row) {
    const isTicked = one(".caserow__check", shown)?.checked, hasFocus = shown.contains(document.activeElement);
    const isCurrent = shown.dataset.number === current;
    shown.replaceWith(row);
    tickOne(row, isTicked);
    link(row).tabIndex = -1;
    if (isCurrent) { mark(row); refreshPreview(); }
    if (hasFocus) link(row).focus({ preventScroll: true });
  }
  async function arrive(row) {
    if (!one("#rows")) await reloadRows();
    else if (isAtRest()) addRow(row);
    else { fresh.add(row.dataset.number); tellFresh(); }
  }
  function isAtRest() {
    const list = one(".caselist");
    return !("ordered" in body.dataset) && !fresh.size && list.scrollTop < 8 && !list.matches(":hover") && !list.contains(document.activeElement);
  }
  function addRow(row) {
    link(row).tabIndex = rows().length ? -1 : 0;
    one("#rows").prepend(row);
    freshTimes();
  }
  function tellFresh() {
    const banner = one("#new-cases"), words = one("[data-new-cases-text]", banner);
    words.textContent = fresh.size === 1 ? words.dataset.one : words.dataset.many.replace("%s", fresh.size);
    banner.hidden = !fresh.size;
  }
  /* the whole list as it is now: in an order of its own a new row has its place somewhere inside */
  async function reloadRows() {
    const response = await get(location.pathname + location.search);
    const answer = response.ok && new DOMParser().parseFromString(await response.text(), "text/html");
    const split = answer && one("#split", answer);
    if (!split) return;
    if (!one("#rows")) one("#empty-list")?.replaceWith(split);
    else {
      const kept = new Set(ticked());
      one("#rows").replaceChildren(...one("#rows", split).children);
      rows().forEach((row) => tickOne(row, kept.has(row.dataset.number)));
    }
    adoptCounts(answer);
    globalThis.htmx?.process(one("#split"));
    freshTimes();
    start();
  }
  async function showFresh() {
    fresh.clear();
    tellFresh();
    await reloadRows();
    one(".caselist").scrollTop = 0;
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#new-cases a")) return;
    event.preventDefault();
    showFresh();
  });
  document.addEventListener("htmx:afterSettle", () => rows().forEach((row) => { if (row.dataset.number !== current) link(row).tabIndex = -1; }));

  function refreshPreview() {
    const row = currentRow();
    if (row && previewOn() && !(one("#preview").contains(document.activeElement) && typing(document.activeElement))) { previewed = ""; preview(row, false); }
  }

  /* ── keys: `caseway.list.keys[key](event)`; false means that the key does nothing here ── */
  const press = (selector) => { const button = one(selector); button?.click(); return Boolean(button); };
  const fromPreview = (hash) => { const open = one("#preview .casehead__open"); if (open) location.assign(open.href + hash); return Boolean(open); };
  function bulkMenu(name) {
    if (!ticked().length && !tick(currentRow())) return false;
    return press(`[data-bulk-menu="${name}"]`);
  }
  function markKey(what) {
    const numbers = ticked().length ? ticked() : current ? [current] : [];
    if (!numbers.length) return false;
    clearTimeout(reading);
    setMarks(what, numbers);
    return true;
  }
  const keys = {
    j: (event) => move(1, event.shiftKey), k: (event) => move(-1, event.shiftKey),
    x: (event) => tick(currentRow(), event.shiftKey), v: togglePreview,
    Enter: () => { const row = currentRow(); if (row) location.assign(link(row).href); return Boolean(row); },
    o: () => keys.Enter(),
    f: () => press("[data-filter-button]"),
    ".": () => press("#new-cases:not([hidden]) a"),
    e: () => (ticked().length ? press("[data-bulk-close]") : press('#preview [data-key="close"]')),
    a: () => bulkMenu("assign"), s: () => bulkMenu("status"), t: () => bulkMenu("tags"),
    u: () => markKey("unread"),
    r: () => (!ticked().length && fromPreview("#reply")) || markKey("read"),
    n: () => fromPreview("#note"),
    Escape: () => clear(),
  };

  function start() {
    const row = currentRow() ?? rows()[0];
    rows().forEach((other) => { link(other).tabIndex = other === row ? 0 : -1; });
    if (row && previewOn()) choose(row, false);
    else if (row && currentRow()) mark(row);
    counted();
  }
  document.addEventListener("DOMContentLoaded", start);
  caseway.list = { keys, start, rows, currentRow, choose, changed, refreshPreview };
})();
