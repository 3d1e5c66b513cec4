/* The Contacts app: search as one types, moving by keys, the contact beside the list, rows that change by themselves. */
"use strict";
(() => {
  const { one, all, get, fragment, freshTimes, typing } = caseway;
  const page = () => document.body.dataset.page;
  if (!["contacts", "contact", "companies", "company", "contact-import"].includes(page())) return;
  const wide = () => matchMedia("(width >= 1080px)").matches;
  const rows = () => all("#people .personrow");
  const fresh = new Set();
  let loading = "", timer = 0;

  /* ── the contact beside the list ── */
  function mark(row) {
    rows().forEach((other) => { if (other === row) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current"); other.tabIndex = other === row ? 0 : -1; });
    row.scrollIntoView({ block: "nearest" });
  }
  async function show(url, { push = true, focus = false } = {}) {
    loading = url;
    const response = await get(url);
    if (loading !== url) return;
    const found = response.ok && fragment(await response.text()).querySelector("#person");
    if (!found) { location.assign(url); return; }
    const scrollable = one("#person");
    scrollable.replaceWith(found);
    document.body.dataset.page = "contact";
    if (push) history.replaceState(null, "", url);
    document.title = document.title.replace(/^.*(?= · )/, found.dataset.title);
    globalThis.htmx?.process(found);
    freshTimes();
    if (focus) one("h2", found)?.focus();
  }
  function choose(row) {
    if (!row) return;
    mark(row);
    row.focus({ preventScroll: true });
    clearTimeout(timer);
    if (wide()) timer = setTimeout(() => show(row.href), 120);
  }
  function move(step) {
    const list = rows(), at = list.findIndex((row) => row.hasAttribute("aria-current") || row === document.activeElement);
    choose(list[at < 0 ? 0 : Math.max(0, Math.min(list.length - 1, at + step))]);
  }
  function open() {
    const row = rows().find((found) => found === document.activeElement) ?? rows().find((found) => found.hasAttribute("aria-current"));
    if (!row) return false;
    clearTimeout(timer);
    if (wide() && one("#person")) show(row.href, { focus: true }); else location.assign(row.href);
    return true;
  }
  document.addEventListener("click", (event) => {
    const row = event.target.closest("#people .personrow");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey || event.button || !wide()) return;
    event.preventDefault();
    mark(row);
    clearTimeout(timer);
    show(row.href, { focus: !event.detail }); // by Enter: the contact is read on
  });
  const follow = (selector) => { const link = one(selector); if (link) location.assign(link.href); return Boolean(link); };
  const inContacts = {
    j: () => move(1), k: () => move(-1), Enter: open, o: open,
    e: () => follow('#person [data-key="edit"]'), m: () => follow('#person [data-key="merge"]'), u: () => follow(".backlink"),
    ".": () => { const link = one("#new-people:not([hidden]) a"); link?.click(); return Boolean(link); },
  };
  caseway.keys = { ...caseway.keys, contacts: inContacts, contact: inContacts, companies: {
    j: () => step(1), k: () => step(-1),
  } };
  function step(by) {
    const list = all("#companies .personrow"), at = list.indexOf(document.activeElement);
    list[at < 0 ? 0 : Math.max(0, Math.min(list.length - 1, at + by))]?.focus();
    return true;
  }

  /* ── search as one types; the address keeps what was looked for ── */
  let asked = "";
  async function find(field) {
    const form = field.form, url = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
    if (asked === url) return;
    asked = url;
    const response = await get(url);
    if (!response.ok || asked !== url) return;
    const found = fragment(await response.text());
    const id = field.dataset.find === "companies" ? "#companies" : "#people-list";
    const next = one(id, found)?.closest(id === "#companies" ? ".scroll, .empty" : id), place = one(id)?.closest(id === "#companies" ? ".scroll, .empty" : id);
    if (!next || !place) return;
    next.classList.toggle("only-wide", place.classList.contains("only-wide"));
    place.replaceWith(next);
    if (page() !== "contact") history.replaceState(null, "", url);
    globalThis.htmx?.process(next);
    freshTimes();
    caseway.announce(String(all(".personrow", next).length));
  }
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-find]")) return;
    clearTimeout(timer);
    timer = setTimeout(() => find(event.target), 160);
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.("[data-find]")) return;
    const list = all("#people .personrow, #companies .personrow");
    if (event.key === "ArrowDown" && list.length) { event.preventDefault(); if (list[0].closest("#people")) choose(list[0]); else list[0].focus(); }
    if (event.key === "Escape" && !event.target.value) event.target.blur();
  });

  /* ── what changes elsewhere ── */
  function atRest() {
    const list = one("#people")?.closest(".scroll");
    return !fresh.size && list && list.scrollTop < 8 && !list.matches(":hover") && !list.contains(document.activeElement);
  }
  async function rowOf(id) {
    const query = one("#people-list")?.dataset.query ?? "";
    const response = await get(`/contacts/${id}/row?${query}`);
    return response.status === 200 ? fragment(await response.text()).querySelector("li") : null;
  }
  async function changed({ id }) {
    if (!one("#people-list")) return;
    const shown = one(`#person-${CSS.escape(id)}`), row = await rowOf(id);
    if (shown && row) {
      const link = one(".personrow", shown), has = link === document.activeElement, current = link.hasAttribute("aria-current");
      shown.replaceWith(row);
      if (current) one(".personrow", row).setAttribute("aria-current", "true");
      if (has) one(".personrow", row).focus({ preventScroll: true });
    } else if (shown) shown.remove();
    else if (row && !one("#people")) await find(one('[data-find="people"]'));
    else if (row && !/(^|&)(view=all|q=)/.test(one("#people-list").dataset.query)) {
      if (atRest()) one("#people").prepend(row); else { fresh.add(id); tellFresh(); }
    }
    freshTimes();
    const person = one("#person");
    if (person?.dataset.contact === String(id) && !busy(person)) {
      const at = person.scrollTop;
      await show(location.href, { push: false });
      one("#person").scrollTop = at;
    }
  }
  const busy = (person) => one("details[open], [popover]:popover-open", person) || (person.contains(document.activeElement) && typing(document.activeElement));
  function tellFresh() {
    const banner = one("#new-people"), words = one("[data-new-people-text]", banner);
    words.textContent = fresh.size === 1 ? words.dataset.one : words.dataset.many.replace("%s", fresh.size);
    banner.hidden = !fresh.size;
  }
  document.addEventListener("caseway:contact.changed", (event) => changed(event.detail));
  document.addEventListener("caseway:contacts.import", (event) => {
    const status = one("#import-status");
    if (!status || document.body.dataset.import !== String(event.detail.id)) return;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const response = await get(`${location.pathname}/status`);
      const found = response.ok && fragment(await response.text()).querySelector("#import-status");
      if (!found || (one("#import-status").dataset.state === found.dataset.state && !found.hasAttribute("hx-get"))) return;
      one("#import-status").replaceWith(found);
      globalThis.htmx?.process(found);
    }, 150);
  });

  document.addEventListener("DOMContentLoaded", () => {
    const list = rows(), current = list.find((row) => row.hasAttribute("aria-current")) ?? list[0];
    list.forEach((row) => { row.tabIndex = row === current ? 0 : -1; });
    if (page() === "contact") current?.scrollIntoView({ block: "nearest" });
  });
})();
