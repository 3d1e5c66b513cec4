/* What the page shows while it waits and when something failed: each state says what is safe and has a next step. */
"use strict";
(() => {
  const { one } = caseway;
  const PANE = /^\/cases\/\d+\/preview/;
  const copy = (id) => one(`#${id}`)?.content.cloneNode(true);
  let waiting = 0, asked = "";

  /* the pane beside the list: for 300 ms nothing changes, then its outline stands there */
  document.addEventListener("caseway:asking", ({ detail }) => {
    const path = new URL(detail.url, location.href).pathname;
    if (!PANE.test(path)) return;
    asked = detail.url;
    clearTimeout(waiting);
    waiting = setTimeout(() => one("#preview")?.replaceChildren(copy("pane-waits") ?? ""), 300);
  });
  document.addEventListener("caseway:answered", ({ detail }) => {
    if (detail.url !== asked) return;
    clearTimeout(waiting);
    if (detail.status >= 400 && one("#preview")) setTimeout(() => one("#preview").replaceChildren(copy("pane-failed") ?? ""));
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-reload]")) location.reload(); });

  /* a change that was not saved is told, and tried again by the same control */
  const pressed = new WeakMap();
  document.addEventListener("submit", (event) => { if (event.submitter) pressed.set(event.target, event.submitter); }, true);
  function failed(event) {
    const toast = copy("toast-failed"), source = event.detail.elt, status = event.detail.xhr?.status ?? 0;
    if (!toast || event.detail.requestConfig?.verb === "get") return;
    const again = one("[data-again]", toast), words = one("[data-refused]", toast);
    if (status >= 400 && status < 500) { words.textContent = words.dataset.refused; again.remove(); }
    const button = pressed.get(source);
    again?.addEventListener("click", ({ target }) => {
      target.closest("[data-toast]").remove();
      if (button?.isConnected) button.click();
      else if (source instanceof HTMLFormElement) source.requestSubmit();
      else source.click();
    });
    one("#toasts")?.replaceChildren(toast);
  }
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
})();
