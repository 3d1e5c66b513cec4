/* Caseway's page behaviour without a framework: small helpers, frames, times, dialogs, toasts.
   Everything here makes a page better that works without it. Other files add keys, the composer and live updates. */
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const typing = (target) => target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const csrf = () => one("input[name=csrfmiddlewaretoken]")?.value ?? "";

  function announce(text) {
    const region = one("#announcer");
    if (region) region.textContent = text;
  }

  async function get(url) {
    let response;
    const say = (name, status) => document.dispatchEvent(new CustomEvent(`caseway:${name}`, { detail: { url: String(url), status } }));
    say("asking");
    try { response = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" }); }
    catch { response = new Response(null, { status: 503 }); } // the page is being left, or the connection is lost
    say("answered", response.status);
    if (response.redirected && new URL(response.url).pathname === "/sign-in") { location.reload(); return new Response(null, { status: 503 }); }
    return response;
  }

  function fragment(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    return holder.content;
  }

  /* ── times: relative under an hour, fresh every half minute ── */
  const ageing = new WeakSet(); // told in minutes until now
  function freshTimes() {
    const lang = `${root.lang || "en"}-u-nu-latn`; // the server writes these digits too
    const relative = new Intl.RelativeTimeFormat(lang, { numeric: "always", style: "short" });
    for (const time of all("time[data-when]")) {
      const minutes = Math.floor((Date.now() - Date.parse(time.dateTime)) / 60000);
      if (minutes >= 1 && minutes < 60) { time.textContent = relative.format(-minutes, "minute"); ageing.add(time); }
      else if (minutes >= 60 && ageing.delete(time)) {
        time.textContent = new Date(time.dateTime).toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
      }
    }
  }
  setInterval(freshTimes, 30000);

  /* ── mail frames: as high as their mail; what they hold back is told above them ── */
  function fit(frame) {
    let body;
    try { body = frame.contentDocument?.body; } catch { return; }
    if (!body || frame.contentDocument.URL === "about:blank") return;
    const inner = frame.contentDocument.documentElement;
    frame.style.setProperty("--frame-h", Math.min(Math.ceil(Math.max(body.scrollHeight, body.getBoundingClientRect().height)) + 2, 20000) + "px");
    frame.classList.toggle("mailframe--paper", inner.classList.contains("paper"));
    const message = frame.closest(".msg");
    const bar = one("[data-blocked-images]", message), count = Number(inner.dataset.blocked || 0);
    if (bar) {
      bar.hidden = !count;
      const words = one("span", bar);
      words.textContent = count === 1 ? words.dataset.one : words.dataset.many.replace("%s", count);
    }
    const quote = one("[data-show-quote]", message);
    if (quote) quote.hidden = inner.dataset.quote !== "1";
  }
  function watchFrames(within = document) {
    for (const frame of all("iframe.mailframe", within)) {
      if (frame.dataset.watched) continue;
      frame.dataset.watched = "1";
      frame.addEventListener("load", () => {
        fit(frame);
        const body = frame.contentDocument?.body;
        if (body) new ResizeObserver(() => fit(frame)).observe(body);
      });
      fit(frame);
    }
  }
  addEventListener("resize", () => all("iframe.mailframe").forEach(fit));
  function reframe(button, parameter) {
    const frame = one("iframe.mailframe", button.closest(".msg"));
    const url = new URL(frame.src);
    url.searchParams.set(parameter, "1");
    frame.src = url;
  }

  /* ── theme ── */
  async function setTheme(form, value) {
    if (value) root.dataset.theme = value; else delete root.dataset.theme;
    all("button[name=theme]", form).forEach((button) => button.setAttribute("aria-pressed", button.value === value));
    const saved = fetch(form.action, {
      method: "POST", credentials: "same-origin",
      headers: { "X-CSRFToken": csrf(), "X-Requested-With": "caseway", "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ theme: value }), keepalive: true,
    });
    await saved.catch(() => announce("!"));
    all("iframe.mailframe").forEach((frame) => { frame.src = frame.src; });
  }

  /* ── copying, revealing, confirming, opening and closing ── */
  async function copy(button) {
    const text = one("#" + button.dataset.copy).textContent.trim();
    try { await navigator.clipboard.writeText(text); }
    catch { getSelection().selectAllChildren(one("#" + button.dataset.copy)); return; }
    button.dataset.copied = "1";
    announce("✓");
    setTimeout(() => delete button.dataset.copied, 1500);
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("button, a, [data-dismiss]");
    if (!target) return;
    if (target.dataset.confirm && !confirm(target.dataset.confirm)) { event.preventDefault(); return; }
    if (target.dataset.open) one("#" + target.dataset.open)?.showModal?.();
    else if ("close" in target.dataset) target.closest("dialog")?.close();
    else if ("dismiss" in target.dataset) target.closest("[data-toast]")?.remove();
    else if (target.dataset.copy) copy(target);
    else if ("showImages" in target.dataset) reframe(target, "images");
    else if ("showQuote" in target.dataset) reframe(target, "full");
    else if (target.dataset.reveal) {
      const field = one("#" + target.dataset.reveal);
      field.type = field.type === "password" ? "text" : "password";
      target.setAttribute("aria-pressed", field.type === "text");
    } else if (target.dataset.show) {
      const block = one("#" + target.dataset.show);
      const open = block.toggleAttribute("data-open");
      target.setAttribute("aria-expanded", open);
      if (open) one("input", block)?.focus();
    } else if (target.name === "theme" && target.form) {
      event.preventDefault();
      setTheme(target.form, target.value);
    }
  });
  document.addEventListener("change", (event) => {
    if ("autosubmit" in event.target.dataset) event.target.form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    if (event.target.tagName === "DIALOG" && event.target.open) event.target.close(); // the backdrop
  });

  /* ── toasts: Undo counts down with the server's ten seconds ── */
  function startToasts(within = document) {
    for (const toast of all("[data-toast]", within)) {
      if (toast.dataset.started || toast.classList.contains("toast--bad")) continue;
      toast.dataset.started = "1";
      setTimeout(() => toast.remove(), one("[data-undo]", toast) ? 10000 : 5000);
    }
  }

  /* ── filling in the servers of an address ── */
  const form = one("[data-address-form]");
  if (form) {
    const touched = new Set();
    form.addEventListener("input", (event) => touched.add(event.target.name));
    form.elements.address.addEventListener("change", async (event) => {
      const address = event.target.value.trim();
      if (!address.includes("@")) return;
      const response = await get(`${form.dataset.guess}?address=${encodeURIComponent(address)}`);
      if (!response.ok) return;
      const found = await response.json();
      let filled = false;
      for (const [name, value] of Object.entries(found)) {
        const field = form.elements[name];
        if (field && !touched.has(name) && field.type !== "hidden") { field.value = value; filled = true; }
      }
      const note = one("[data-guessed]", form);
      note.hidden = !filled;
      if (found.words) one("span", note).textContent = found.words;
    });
    if (matchMedia("(width >= 1240px)").matches) one("input[name=address]", form)?.focus();
  }

  document.addEventListener("keydown", (event) => {
    const drawer = one("#drawer");
    if (event.key === "Escape" && drawer && !event.defaultPrevented) location.assign(drawer.dataset.closeUrl);
  });

  document.addEventListener("htmx:afterSettle", (event) => { watchFrames(event.target); freshTimes(); startToasts(); });
  document.addEventListener("DOMContentLoaded", () => { watchFrames(); freshTimes(); startToasts(); });

  globalThis.caseway = { one, all, typing, announce, get, fragment, watchFrames, freshTimes, startToasts };
})();
