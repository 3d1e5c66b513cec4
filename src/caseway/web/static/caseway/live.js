/* What changes elsewhere appears here: one event stream; events name ids, the page asks for what it may see.
   A list's rows are in lists.js; a case's thread grows without moving what is read. */
"use strict";
(() => {
  const { one, all, get, fragment, watchFrames, freshTimes, typing } = caseway;
  const body = document.body;
  if (!body.dataset.live || !globalThis.EventSource) return;
  let stream = null, lost = 0, since = body.dataset.now, leaving = false;
  document.addEventListener("submit", (event) => setTimeout(() => { leaving = !event.defaultPrevented; }));

  function again() { stream?.close(); connect(); }
  addEventListener("online", again);
  const offline = () => one("#offline")?.removeAttribute("hidden");
  addEventListener("offline", offline);
  if (!navigator.onLine) offline(); // it was lost while the page was loading
  document.addEventListener("click", (event) => { if (event.target.closest("[data-reconnect]")) again(); });

  function connect() {
    stream = new EventSource(body.dataset.live);
    stream.addEventListener("open", () => { clearTimeout(lost); lost = 0; if (navigator.onLine) one("#offline")?.setAttribute("hidden", ""); missed(); });
    stream.addEventListener("error", () => {
      if (!lost) lost = setTimeout(() => one("#offline")?.removeAttribute("hidden"), 5000);
      if (stream.readyState === EventSource.CLOSED) setTimeout(refused, 3000);
    });
    const on = (name, act) => stream.addEventListener(name, (event) => act(JSON.parse(event.data)));
    on("case.changed", caseChanged);
    on("case.new", caseNew);
    on("outbound", (data) => { if (data.number) caseChanged(data); soon("outbox", () => refreshLists("outbound"), 400)(); });
    on("mailbox.health", soon("addresses", refreshAddresses));
    on("inbound", soon("addresses", () => { refreshAddresses(); refreshLists("inbound"); }, 400));
    on("alarms", soon("alarms", () => refresh("#alarms")));
    on("diag.step", (data) => { const drawer = one(`[data-diagnosis="${data.id}"]`); if (drawer) globalThis.htmx?.trigger(drawer, "diag-step"); });
    on("notification", soon("notification", told));
    for (const name of ["contact.changed", "contacts.import", "inbound", "reload", "presence", "draft"]) on(name, (detail) => document.dispatchEvent(new CustomEvent(`caseway:${name}`, { detail })));
    on("reload", missed);
    on("ended", () => location.reload());
  }

  /* the server is not there yet, or the session has ended: asking for anything else leads to signing in */
  async function refused() { await get("/cases/counts"); connect(); }

  const told = () => document.dispatchEvent(new Event("caseway:notification"));
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
    if (body.dataset.page === "list") { counts(); caseway.list.changed(data.number); }
    else if (body.dataset.number === String(data.number)) soon("case", refreshCase)();
  }
  function caseNew(data) {
    if (body.dataset.page === "list") { counts(); caseway.list.changed(data.number); }
    else one("[data-new-activity]")?.removeAttribute("hidden");
  }

  /* the thread by keys: what is the same stays (frames do not load again), what is new is added */
  async function refreshCase() {
    const thread = one("#thread");
    const response = await get(`${body.dataset.liveUrl}?since=${encodeURIComponent(thread.dataset.from ?? "")}`);
    const elsewhere = response.headers.get("HX-Redirect"); // merged into another case meanwhile
    if (elsewhere && !leaving) location.assign(elsewhere); // a form on its way answers with its own page and toast
    if (elsewhere) return;
    if (!response.ok) return;
    const found = fragment(await response.text());
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
    swapUnlessBusy("#actions", found);
    // while no message came, the writer has seen all: what they send is not stale
    if (!hasNews) all("[data-version-field]").forEach((field) => { field.value = version; });
    globalThis.htmx?.process(thread);
    watchFrames(thread);
    freshTimes();
    document.dispatchEvent(new CustomEvent("caseway:case", { detail: { hasNews } }));
  }
  function swapUnlessBusy(selector, found) {
    const old = one(selector), next = found.querySelector(selector);
    if (!old || !next || old.matches(":popover-open") || one(":popover-open", old) || (old.contains(document.activeElement) && typing(document.activeElement))) return;
    const active = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(next);
    globalThis.htmx?.process(next);
    if (active) all(active.localName, next).find((one) => one.id === active.id && one.name === active.name && one.textContent === active.textContent)?.focus({ preventScroll: true });
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
    told();
    refreshAddresses();
    refresh("#alarms");
    refreshLists("inbound");
    refreshLists("outbound");
    if (body.dataset.page !== "list" && body.dataset.page !== "case") return;
    const response = await get("/cases/changes?since=" + encodeURIComponent(since));
    if (!response.ok) return;
    const found = await response.json();
    for (const [number, changed] of Object.entries(found.changed)) {
      if (one(`#row-${CSS.escape(number)}`)?.dataset.changed !== String(changed)) caseChanged({ number });
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
