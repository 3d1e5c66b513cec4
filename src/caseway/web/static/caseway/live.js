/* What changes elsewhere appears here: one event stream; events name ids, the page asks for what it may see.
   Rows change in place, new ones wait behind a banner, a case's thread grows without moving what is read. */
"use strict";
(() => {
  const { one, all, get, fragment, watchFrames, freshTimes, typing } = caseway;
  const body = document.body;
  if (!body.dataset.live || !globalThis.EventSource) return;
  const fresh = new Set();
  let stream = null, lost = 0, since = body.dataset.now;

  function connect() {
    stream = new EventSource(body.dataset.live);
    stream.addEventListener("open", () => { clearTimeout(lost); lost = 0; one("#offline")?.setAttribute("hidden", ""); missed(); });
    stream.addEventListener("error", () => {
      if (!lost) lost = setTimeout(() => one("#offline")?.removeAttribute("hidden"), 5000);
      if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
    });
    const on = (name, act) => stream.addEventListener(name, (event) => act(JSON.parse(event.data)));
    on("case.changed", caseChanged);
    on("case.new", caseNew);
    on("outbound", (data) => { if (data.number) caseChanged(data); soon("outbox", () => refreshLists("outbound"), 400)(); });
    on("mailbox.health", soon("addresses", refreshAddresses));
    on("inbound", soon("addresses", () => { refreshAddresses(); refreshLists("inbound"); }, 400));
    on("alarms", soon("alarms", () => refresh("#alarms")));
    on("diag.step", (data) => { const drawer = one(`[data-diagnosis="${data.id}"]`); if (drawer) globalThis.htmx?.trigger(drawer, "diag-step"); });
    for (const name of ["presence", "draft"]) on(name, (detail) => document.dispatchEvent(new CustomEvent(`caseway:${name}`, { detail })));
    on("reload", missed);
    on("ended", () => location.reload());
  }

  /* the same thing asked for often is done once */
  const timers = {};
  function soon(name, act, wait = 150) {
    return (data) => { clearTimeout(timers[name]); timers[name] = setTimeout(() => act(data), wait); };
  }
  const counts = soon("counts", async () => {
    const response = await get("/cases/counts");
    if (!response.ok) return;
    const found = await response.json();
    for (const place of all("[data-count]")) if (found[place.dataset.count] !== undefined) place.textContent = found[place.dataset.count];
  }, 400);

  function caseChanged(data) {
    if (body.dataset.page === "list") { counts(); rowChanged(data.number); }
    else if (body.dataset.number === String(data.number)) soon("case", refreshCase)();
  }
  function caseNew(data) {
    if (body.dataset.page === "list") { counts(); rowChanged(data.number); }
    else one("[data-new-activity]")?.removeAttribute("hidden");
  }

  const busy = new Map();
  async function rowChanged(number) {
    if (busy.has(number)) { busy.set(number, true); return; }
    busy.set(number, false);
    await drawRow(number);
    const again = busy.get(number);
    busy.delete(number);
    if (again) rowChanged(number);
  }
  /* the list was empty: it is drawn now, nothing is under the pointer */
  async function firstRows() {
    const response = await get(location.href);
    const split = response.ok && fragment(await response.text()).querySelector("#split");
    if (!split || one("#rows")) return;
    one("#empty-list")?.replaceWith(split);
    globalThis.htmx?.process(split);
    freshTimes();
    caseway.list?.start();
  }
  async function drawRow(number) {
    const shown = one(`#row-${CSS.escape(number)}`);
    const response = await get(`/cases/${number}/row?view=${body.dataset.view}${shown ? "&keep" : ""}`);
    if (!response.ok || response.status === 204) { if (shown && response.status === 204) shown.remove(); return; }
    const row = fragment(await response.text()).querySelector(".caserow");
    if (!shown) {
      if (!one("#rows")) await firstRows();
      else if (isAtRest()) addRow(row);
      else { fresh.add(number); tellFresh(); }
      return;
    }
    const checked = one(".caserow__check", shown)?.checked, focused = shown.contains(document.activeElement);
    const was = shown.classList.contains("caserow--current");
    shown.replaceWith(row);
    if (checked) one(".caserow__check", row).checked = true;
    one(".caserow__link", row).tabIndex = was ? 0 : -1;
    if (was) { row.classList.add("caserow--current"); row.setAttribute("aria-current", "true"); caseway.list?.refreshPreview(); }
    if (focused) one(".caserow__link", row).focus({ preventScroll: true });
    freshTimes();
  }

  /* a new row waits behind the banner while somebody points at the list, reads further down or moves by keyboard */
  function isAtRest() {
    const list = one(".caselist");
    return !fresh.size && list.scrollTop < 8 && !list.matches(":hover") && !list.contains(document.activeElement);
  }
  function addRow(row) {
    one(".caserow__link", row).tabIndex = one("#rows > .caserow") ? -1 : 0;
    one("#rows").prepend(row);
    freshTimes();
  }
  function tellFresh() {
    const banner = one("#new-cases"), words = one("[data-new-cases-text]", banner);
    words.textContent = fresh.size === 1 ? words.dataset.one : words.dataset.many.replace("%s", fresh.size);
    banner.hidden = !fresh.size;
  }
  async function showFresh() {
    const numbers = [...fresh];
    fresh.clear();
    tellFresh();
    for (const number of numbers) {
      const response = await get(`/cases/${number}/row?view=${body.dataset.view}`);
      if (response.status === 200 && !one(`#row-${CSS.escape(number)}`)) addRow(fragment(await response.text()).querySelector(".caserow"));
    }
    one(".caselist").scrollTop = 0;
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#new-cases a")) return;
    event.preventDefault();
    showFresh();
  });
  /* the thread by keys: what is the same stays (frames do not load again), what is new is added */
  async function refreshCase() {
    const response = await get(body.dataset.liveUrl);
    if (!response.ok) return;
    const found = fragment(await response.text()), thread = one("#thread");
    const version = found.querySelector("#live").dataset.caseVersion;
    let before = null, hasNews = false;
    for (const next of [...found.querySelector("#live-thread").children]) {
      const known = one(`[data-entry="${next.dataset.entry}"]`, thread);
      let here = known;
      if (!known) { here = next; hasNews ||= next.classList.contains("msg"); }
      else if (known.dataset.version !== next.dataset.version) { known.replaceWith(next); here = next; }
      const place = before ? before.nextElementSibling : thread.firstElementChild;
      if (place !== here) thread.insertBefore(here, place);
      before = here;
    }
    while (before?.nextElementSibling) before.nextElementSibling.remove();
    swapUnlessBusy("#overview", found);
    swapUnlessBusy("#casehead", found);
    // while no message came, the writer has seen all: what they send is not stale
    if (!hasNews) all("[data-version-field]").forEach((field) => { field.value = version; });
    globalThis.htmx?.process(thread);
    watchFrames(thread);
    freshTimes();
  }
  function swapUnlessBusy(selector, found) {
    const old = one(selector), next = found.querySelector(selector);
    if (!old || !next || old.matches(":popover-open") || one(":popover-open", old) || (old.contains(document.activeElement) && typing(document.activeElement))) return;
    old.replaceWith(next);
    globalThis.htmx?.process(next);
  }

  async function refresh(selector) {
    const place = one(selector);
    if (!place) return;
    const response = await get(place.dataset.refresh);
    if (response.ok) { place.replaceWith(fragment(await response.text())); freshTimes(); }
  }
  /* the first page of a log: drawn anew, unless somebody has a menu of it open or is in it by keyboard */
  async function refreshLists(kind) {
    const place = one(`[data-live-list="${kind}"]`);
    if (!place || one("[popover]:popover-open", place) || place.contains(document.activeElement)) return;
    const response = await get(place.dataset.refresh);
    if (response.ok && place.isConnected) { place.replaceWith(fragment(await response.text())); freshTimes(); }
  }
  const refreshAddresses = () => refresh("#addresses");
  /* what happened while no stream was open: between the page's making and now, or while the connection was lost */
  const missed = soon("missed", async () => {
    refreshAddresses();
    refresh("#alarms");
    refreshLists("inbound");
    refreshLists("outbound");
    if (body.dataset.page !== "list" && body.dataset.page !== "case") return;
    const response = await get("/cases/changes?since=" + encodeURIComponent(since));
    if (!response.ok) return;
    const found = await response.json();
    const shown = (number) => Boolean(one(`#row-${CSS.escape(number)}`));
    for (const number of found.numbers) {
      if (body.dataset.page === "case" || !shown(number) || Date.parse(found.now) - Date.parse(since) > 4000) caseChanged({ number });
    }
    since = found.now;
  }, 50);

  /* after a change of ours the whole case is drawn anew: its event belongs into the thread */
  document.addEventListener("htmx:afterSwap", (event) => {
    if (body.dataset.page !== "case" || event.target.id !== "overview") return;
    const version = one("#overview")?.dataset.caseVersion;
    if (version) all("[data-version-field]").forEach((field) => { field.value = version; });
    soon("case", refreshCase)();
  });
  addEventListener("pagehide", () => stream?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  connect();
})();
