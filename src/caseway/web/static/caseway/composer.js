/* The composer: Reply and Note, drafts that survive, files, Ctrl+Enter, and what an undone reply needs. */
"use strict";
(() => {
  const { one, all } = caseway;
  const composer = one("#composer"), dock = one("#dock");
  if (!composer) return;
  const panels = all("[data-panel]", composer);
  const narrow = matchMedia("(width < 760px)");

  function show(name) {
    panels.forEach((panel) => { panel.hidden = panel.dataset.panel !== name; panel.removeAttribute("data-hidden"); });
    all("[data-tab]", composer).forEach((tab) => {
      if (tab.dataset.tab === name) tab.setAttribute("aria-current", "true"); else tab.removeAttribute("aria-current");
    });
    composer.classList.toggle("composer--note", name === "note");
  }
  function compose(name) {
    const panel = panels.find((found) => found.dataset.panel === name);
    if (!panel) return false;
    dock.removeAttribute("data-composer");
    show(name);
    const field = one("textarea", panel);
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
    return true;
  }
  function fold() { if (narrow.matches) dock.dataset.composer = "closed"; }
  caseway.compose = compose;

  composer.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-tab]");
    if (tab) compose(tab.dataset.tab);
  });
  dock.addEventListener("click", (event) => {
    const button = event.target.closest("[data-compose]");
    if (button) { if (button.dataset.compose) compose(button.dataset.compose); else fold(); }
  });

  /* drafts stay on this device until they are sent */
  const remember = {
    read: (key) => { try { return localStorage.getItem("caseway-draft-" + key) || ""; } catch { return ""; } },
    write: (key, text) => { try { if (text) localStorage.setItem("caseway-draft-" + key, text); else localStorage.removeItem("caseway-draft-" + key); } catch { /* private mode */ } },
  };
  for (const field of all("[data-draft]", composer)) {
    const key = field.dataset.draft, saved = one("[data-saved]", field.form);
    if (!field.value && !("typed" in dock.dataset)) field.value = remember.read(key);
    let timer = 0;
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { remember.write(key, field.value); if (saved) saved.textContent = field.value ? saved.dataset.text : ""; }, 400);
    });
    field.form.addEventListener("submit", () => { clearTimeout(timer); remember.write(key, ""); all("[data-send]", field.form).forEach((button) => button.setAttribute("aria-disabled", "true")); });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); field.form.requestSubmit(one("[data-send]", field.form)); }
      if (event.key === "Escape") { field.blur(); fold(); event.stopPropagation(); }
    });
  }
  one("#send-at", composer)?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return; // the first button of the form would send at once
    event.preventDefault();
    event.target.form.requestSubmit(one("[data-later]", event.target.form));
  });
  let sending = false;
  composer.addEventListener("submit", (event) => {
    if (sending) event.preventDefault();
    sending = true;
    setTimeout(() => { sending = false; }, 4000);
  });

  const files = one("[data-files]", composer);
  files?.addEventListener("change", () => {
    one("[data-chosen-files]", composer).textContent = [...files.files].map((file) => file.name).join(", ");
  });
  composer.addEventListener("paste", (event) => {
    if (!files || !event.clipboardData?.files.length) return;
    const kept = new DataTransfer();
    for (const file of [...files.files, ...event.clipboardData.files]) kept.items.add(file);
    files.files = kept.files;
    files.dispatchEvent(new Event("change"));
  });

  if ("typed" in dock.dataset) history.replaceState(null, "", document.body.dataset.url);
  if (location.hash === "#reply" || location.hash === "#note") compose(location.hash.slice(1));
  else if ("typed" in dock.dataset) compose(composer.classList.contains("composer--note") ? "note" : "reply");
  else { show(panels[0].dataset.panel === "reply" && !panels[0].hidden ? "reply" : "note"); fold(); }

  /* a long conversation opens at its end, where the answer goes */
  document.addEventListener("DOMContentLoaded", () => {
    const scroller = one("#messages"), messages = all(".msg", scroller);
    const aim = location.hash.startsWith("#message-") ? one(location.hash) : messages.length > 2 ? messages.at(-1) : null;
    aim?.scrollIntoView({ block: "nearest" });
  });
})();
