/* The command palette: one field for cases, contacts, places, and the buttons of the page that is open.
   An ARIA combobox: focus stays in the field, the list shows which option Enter takes. */
"use strict";
(() => {
  const { one, all, announce, get, fragment } = caseway;
  const dialog = one("#palette");
  if (!dialog) return;
  const input = one("#palette-input"), list = one("#palette-list"), state = one("#palette-state");
  const words = list.dataset;
  const MOST_ACTIONS = 8, MOST_PLACES = 8;
  let actions = [], places = [], found = [], chosen = 0, moved = false, asked = 0, waiting = 0;

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const textOf = (element) => {
    const copy = element.cloneNode(true);
    all("kbd, svg, .avatar, .num, .only-narrow", copy).forEach((part) => part.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  const nameOf = (element) => (element.getAttribute("aria-label") || textOf(element) || element.title).replace(/\s*\([^)]{1,12}\)$/, "").trim();
  const iconOf = (element) => one("svg.i", element)?.cloneNode(true);
  const lens = iconOf(dialog);
  lens.classList.remove("i--l");

  /* ── the buttons of the page, as they are at this moment ── */
  function openerOf(menu) { return one(`[popovertarget="${CSS.escape(menu.id)}"]`); }
  function actionOf(element) {
    const menu = element.closest(".menu[popover]");
    let label = element.matches("[data-key]") && element.title ? element.title.replace(/\s*\([^)]{1,12}\)$/, "") : nameOf(element);
    const opener = menu && openerOf(menu);
    if (opener && menu.id !== "more" && menu.id !== "account-menu") {
      const field = opener.closest("dd")?.previousElementSibling?.textContent.trim() || (one(".sr:not(.only-narrow)", opener)?.textContent.replace(/\s*:$/, "") ?? nameOf(opener));
      if (field) label = `${field}: ${label}`;
    }
    const keys = one("kbd", element)?.textContent || element.title.match(/\(([^)]{1,12})\)$/)?.[1] || "";
    return { label, keys, icon: iconOf(element), rank: rankOf(element), run: () => press(element) };
  }
  /* what the page is about first; single messages and the account only when they are asked for by name */
  function rankOf(element) {
    if (element.closest("#account-menu")) return 4;
    if (element.closest(".msg, .caserow")) return 3;
    if (element.closest("#more")) return 2;
    return element.matches("[data-key]") ? 0 : 1;
  }
  function gatherActions() {
    const seen = new Set();
    const pressable = all("main [data-key], main .menu[popover] :is(a, button).menu__item, #account-menu .menu__item, main .apphead .btn[href], main [data-tab], main [data-compose]:not([data-compose=\"\"])");
    return pressable.filter((element) => {
      if (element.disabled || element.closest("[hidden], dialog") || element.matches("[data-open=palette]")) return false;
      return element.checkVisibility?.() || element.closest("[popover]");
    }).map(actionOf).filter(({ label }) => label && !seen.has(label) && seen.add(label)).sort((one, other) => one.rank - other.rank);
  }
  function press(element) {
    const sheet = element.closest("#overview[popover]");
    if (sheet && !sheet.checkVisibility?.()) sheet.showPopover?.();
    if (element.matches("input, textarea, select")) { element.focus(); element.select?.(); return; }
    element.click();
    if (element.popoverTargetElement) setTimeout(() => one(".menu:popover-open .menu__item")?.focus(), 30);
  }
  function gatherPlaces() {
    const of = (selector, prefix) => all(`${selector} a`).map((link) => ({
      label: prefix ? `${prefix}: ${textOf(link)}` : textOf(link), keys: link.dataset.keys || "", icon: iconOf(link), href: link.href,
    }));
    const seen = new Set();
    return [...of("#palette-places"), ...of("#palette-settings", words.settings)].filter(({ href }) => !seen.has(href) && seen.add(href));
  }

  /* ── drawing ── */
  function matches({ label }, typed) {
    const parts = plain(label).split(/[\s:]+/);
    return typed.every((word) => parts.some((part) => part.startsWith(word)));
  }
  function option({ label, keys, icon, href, note }) {
    const item = document.createElement("div");
    item.className = "menu__item";
    item.setAttribute("role", "option");
    if (href) item.dataset.href = href;
    if (icon) item.append(icon.cloneNode(true));
    const text = document.createElement("span");
    text.className = "clip";
    text.textContent = label;
    item.append(text);
    if (note) { const small = document.createElement("small"); small.textContent = note; item.append(small); }
    if (keys) { const kbd = document.createElement("kbd"); kbd.className = "push"; kbd.textContent = keys; item.append(kbd); }
    return item;
  }
  function group(title, items) {
    if (!items.length) return [];
    const box = document.createElement("div"), head = document.createElement("p");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", title);
    head.className = "menu__label";
    head.setAttribute("aria-hidden", "true");
    head.textContent = title;
    box.append(head, ...items);
    return [box];
  }
  function draw() {
    const value = input.value.trim(), only = value.startsWith(">");
    const typed = plain(value.replace(/^>/, "")).split(/\s+/).filter(Boolean);
    const act = actions.filter((action) => matches(action, typed) && (typed.length || action.rank < 3)).slice(0, MOST_ACTIONS);
    const go = only ? [] : places.filter((place) => matches(place, typed)).slice(0, typed.length ? 12 : MOST_PLACES);
    const cases = only || !value ? [] : [...found, option({ icon: lens, label: words.all.replace("%s", value), href: `${dialog.dataset.searchUrl}?q=${encodeURIComponent(value)}` })];
    const actionItems = act.map((action) => { const item = option(action); item.run = action.run; return item; });
    list.replaceChildren(
      ...group(words.cases, cases), ...group(words.actions, actionItems), ...group(words.places, go.map(option)));
    options().forEach((item, index) => { item.id = `palette-option-${index}`; item.addEventListener("pointermove", () => choose(index)); });
    list.hidden = !options().length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    choose(moved ? Math.min(chosen, options().length - 1) : 0, false);
  }
  const options = () => all("[role=option]", list);
  function choose(index, scroll = true) {
    const items = options();
    chosen = Math.max(0, index);
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    if (items[chosen]) input.setAttribute("aria-activedescendant", items[chosen].id); else input.removeAttribute("aria-activedescendant");
    if (scroll) items[chosen]?.scrollIntoView({ block: "nearest" });
  }

  /* ── asking the server ── */
  async function ask() {
    const value = input.value.trim(), turn = ++asked;
    if (!value || value.startsWith(">")) { found = []; draw(); return; }
    const response = await get(`${dialog.dataset.url}?q=${encodeURIComponent(value)}`);
    if (turn !== asked || !dialog.open) return;
    state.hidden = response.ok;
    state.textContent = response.ok ? "" : words.failed;
    found = response.ok ? [...fragment(await response.text()).children] : [];
    if (turn !== asked) return;
    draw();
    announce(options().length ? words.some.replace("%s", options().length) : words.none);
  }
  input.addEventListener("input", () => {
    moved = false;
    draw();
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });

  function take(item, event) {
    if (!item) return;
    if (item.dataset.href) {
      if (event.ctrlKey || event.metaKey) { window.open(item.dataset.href, "_blank", "noopener"); return; }
      dialog.close();
      location.assign(item.dataset.href);
      return;
    }
    dialog.close();
    item.run?.();
  }
  input.addEventListener("keydown", (event) => {
    const last = options().length - 1;
    const to = { ArrowDown: chosen >= last ? 0 : chosen + 1, ArrowUp: chosen <= 0 ? last : chosen - 1, PageDown: last, PageUp: 0 }[event.key];
    if (to !== undefined) { event.preventDefault(); moved = true; choose(to); }
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); take(options()[chosen], event); }
  });
  list.addEventListener("click", (event) => take(event.target.closest("[role=option]"), event));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => { input.value = ""; found = []; asked += 1; });

  function open(text = "") {
    if (one("dialog[open]")) return;
    actions = gatherActions();
    places = gatherPlaces();
    all(".menu:popover-open").forEach((menu) => menu.hidePopover());
    input.value = text;
    moved = false;
    state.hidden = true;
    dialog.showModal();
    input.focus();
    draw();
    if (text) ask();
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    if (dialog.open) dialog.close(); else open();
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-palette]");
    if (!opener || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const said = event.target.id === "found" && event.target.dataset.said;
    if (said) announce(said);
  });
  caseway.palette = { open };
})();
