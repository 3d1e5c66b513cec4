/* Who else is here: this page says every ten seconds that it is open, and draws what it hears of others. In a list the
   rows say who is answering them. */
"use strict";
(() => {
  const { one, all, get, fragment } = caseway;
  const BEAT = 10000, TYPING = 30;

  const dock = one("#dock[data-presence]");
  if (dock && document.body.dataset.live) {
    const url = dock.dataset.presence, tab = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
    const token = () => one("input[name=csrfmiddlewaretoken]")?.value ?? "";
    let timer = 0, running = false, again = false, told = false;
    const typedAgo = () => (caseway.typedAt ? Math.floor((Date.now() - caseway.typedAt) / 1000) : -1);

    function draw(html) {
      const found = fragment(html), next = Number(found.firstElementChild?.dataset.next ?? 0);
      for (const id of ["presence-head", "presence-dock"]) {
        const here = one("#" + id), fresh = found.querySelector("#" + id);
        if (!here || !fresh || here.innerHTML === fresh.innerHTML || here.contains(document.activeElement) && fresh.innerHTML === here.innerHTML) continue;
        here.replaceChildren(...fresh.childNodes);
      }
      return next;
    }
    async function beat() {
      if (running) { again = true; return; }
      running = true;
      clearTimeout(timer);
      const ago = typedAgo(), body = new FormData();
      body.set("csrfmiddlewaretoken", token());
      body.set("tab", tab);
      if (ago >= 0 && ago < TYPING) body.set("typed", ago);
      told = ago >= 0 && ago < TYPING;
      const response = await fetch(url, { method: "POST", body, credentials: "same-origin" }).catch(() => null);
      const next = response?.ok && !response.redirected ? draw(await response.text()) : 0;
      running = false;
      timer = setTimeout(beat, next ? Math.min(next * 1000, BEAT) : BEAT);
      if (again) { again = false; beat(); }
    }
    let soon = 0;
    const heard = (event) => {
      if (String(event.detail.number ?? "") !== document.body.dataset.number) return;
      clearTimeout(soon);
      soon = setTimeout(async () => { const response = await get(url); if (response.ok) draw(await response.text()); }, 100);
    };
    document.addEventListener("caseway:presence", heard);
    document.addEventListener("caseway:draft", heard);
    dock.addEventListener("input", () => { if (!told && typedAgo() === 0) { told = true; beat(); } });
    addEventListener("pagehide", () => {
      const body = new FormData();
      body.set("csrfmiddlewaretoken", token());
      body.set("tab", tab);
      body.set("left", "1");
      navigator.sendBeacon(url, body);
    });
    addEventListener("pageshow", (event) => { if (event.persisted) beat(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
    beat();
  }

  /* ── the list ── */
  if (document.body.dataset.page === "list" && document.body.dataset.live) {
    let signs = {}, timer = 0;
    const rows = () => all("#rows .caserow[data-number]");
    function draw() {
      for (const row of rows()) {
        const sign = signs[row.dataset.number], place = one(".caserow__own", row), here = one(".typing", row);
        if (!sign) here?.remove();
        else if (!here && place) place.prepend(fragment(sign));
      }
    }
    async function look() {
      const numbers = rows().map((row) => row.dataset.number);
      if (!numbers.length) return;
      const response = await get(`/cases/presence?numbers=${numbers.join(",")}`);
      if (!response.ok) return;
      signs = await response.json();
      draw();
      clearTimeout(timer);
      if (Object.keys(signs).length) timer = setTimeout(look, BEAT);
    }
    let soon = 0;
    document.addEventListener("caseway:presence", (event) => { if (one(`#row-${CSS.escape(event.detail.number)}`)) { clearTimeout(soon); soon = setTimeout(look, 150); } });
    const list = one("#rows");
    if (list) new MutationObserver(draw).observe(list, { childList: true });
    look();
  }
})();
