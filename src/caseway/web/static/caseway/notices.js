/* The bell beside the rail, what the browser shows of it, and asking the browser for that. */
"use strict";
(() => {
  const { one, all, get, fragment, freshTimes } = caseway;
  const body = document.body, bell = one("#bell"), panel = one("#bell-panel");
  const granted = () => globalThis.Notification?.permission === "granted";

  function post(values) {
    const token = one("input[name=csrfmiddlewaretoken]")?.value ?? "";
    return fetch(bell.dataset.read, {
      method: "POST", credentials: "same-origin", body: new URLSearchParams(values), keepalive: true,
      headers: { "X-CSRFToken": token, "X-Requested-With": "caseway", "Content-Type": "application/x-www-form-urlencoded" },
    }).catch(() => null);
  }

  /* the items stay the same elements: an open pane hangs on its button */
  async function refreshBell() {
    const response = await get(bell.dataset.refresh);
    if (!response.ok) return;
    const fresh = all(".rail-item", fragment(await response.text()));
    all(".rail-item", bell).forEach((item, at) => item.replaceChildren(...fresh[at].childNodes));
  }
  let fillings = 0, wantsFocus = false; // news may come while the pane is being opened: the last answer is shown, and has the focus
  async function fillPanel(focus) {
    wantsFocus ||= focus;
    const turn = ++fillings, response = await get(panel.dataset.refresh);
    const html = response.ok ? await response.text() : "";
    if (!html || turn !== fillings) return;
    const takes = wantsFocus || panel.contains(document.activeElement);
    wantsFocus = false;
    panel.replaceChildren(fragment(html));
    freshTimes();
    if (takes) (one(".notice__link", panel) ?? one("#bell-title", panel))?.focus();
  }
  async function refreshPage() {
    const response = await get(location.href);
    if (!response.ok) return;
    const found = fragment(await response.text()), rows = found.querySelector("#notice-rows");
    if (!rows || !one("#notice-rows")) { location.reload(); return; }
    one("#notice-rows").replaceWith(rows);
    one(".apphead__end").replaceWith(found.querySelector(".apphead__end"));
    freshTimes();
  }

  async function markRead(event) {
    const form = event.target.closest("form[data-read]");
    if (!form) return;
    event.preventDefault();
    const at = all(".notice button").indexOf(event.submitter);
    await post(new FormData(form, event.submitter));
    refreshBell();
    if (panel.contains(form)) await fillPanel(false); else await refreshPage();
    const buttons = all(".notice button", panel.matches(":popover-open") ? panel : document);
    (buttons[Math.min(at, buttons.length - 1)] ?? one("#bell-title", panel))?.focus();
  }

  /* shown once, whichever tab is first; and not while somebody looks at one of them */
  async function showNews() {
    if (!granted() || !navigator.locks) return;
    if (!document.hasFocus()) await new Promise((done) => { setTimeout(done, 400); });
    await navigator.locks.request("caseway-news", async () => {
      let last = 0;
      try { last = Number(localStorage.getItem("caseway-news") || 0); } catch { return; }
      const response = await get(`${bell.dataset.news}?after=${last}`);
      if (!response.ok) return;
      for (const one of (await response.json()).news) {
        localStorage.setItem("caseway-news", String(Math.max(last, one.id)));
        if (!document.hasFocus()) show(one);
      }
    });
  }
  function show(one) {
    const root = document.documentElement;
    try {
      const shown = new Notification(one.title, { body: one.text, tag: `caseway-${one.id}`, lang: root.lang, dir: root.dir || "auto" });
      shown.addEventListener("click", () => { globalThis.focus(); location.assign(one.url); });
    } catch { /* phones show them through a service worker only, which Caseway has none of */ }
  }

  function readCase() {
    if (body.dataset.page !== "case" || document.visibilityState !== "visible" || !one("[data-unread]", bell)) return;
    post({ case: body.dataset.number }).then(refreshBell);
  }

  if (bell && panel) {
    panel.addEventListener("toggle", (event) => { if (event.newState === "open") fillPanel(true); else wantsFocus = false; });
    panel.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], links = all(".notice__link", panel);
      if (!step || !links.length) return;
      event.preventDefault();
      links[(links.indexOf(document.activeElement) + step + links.length) % links.length].focus();
    });
    document.addEventListener("submit", markRead);
    document.addEventListener("caseway:notification", async () => {
      await refreshBell();
      if (panel.matches(":popover-open") && !panel.contains(document.activeElement)) fillPanel(false);
      if (body.dataset.page === "notices" && !one("#notice-rows")?.contains(document.activeElement)) refreshPage();
      if (document.hasFocus()) readCase();
      showNews();
    });
    document.addEventListener("visibilitychange", readCase);
    document.addEventListener("DOMContentLoaded", readCase);
  }

  /* the profile: the browser is asked when the person wants it, and says what it answered */
  const ask = one("[data-ask-browser]");
  function tellPermission() {
    const state = globalThis.Notification?.permission ?? "unsupported";
    all("[data-permission]").forEach((words) => { words.hidden = words.dataset.permission !== state; });
    ask.hidden = state !== "default";
  }
  if (ask) {
    ask.addEventListener("click", async () => { await Notification.requestPermission(); tellPermission(); });
    tellPermission();
  }
  /* the profile: the clock of this computer */
  const zone = one("[data-own-zone]");
  if (zone) {
    const field = one("#id_time_zone"), own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    zone.hidden = !own || field.value === own;
    zone.textContent = zone.dataset.ownZone.replace("%s", own);
    zone.addEventListener("click", () => { field.value = own; zone.hidden = true; field.focus(); });
  }
})();
