/* The composer: its tabs, sending without leaving the page until it worked, what is refused, and what was undone. */
"use strict";
(() => {
  const { one, all } = caseway;
  const composer = one("#composer"), dock = one("#dock"), words = one("#composer-words")?.dataset;

  /* a toast with an undo that this page itself can do */
  caseway.toast = (text, label, act) => {
    const toast = document.createElement("div"), said = document.createElement("span"), holder = document.createElement("span"), button = document.createElement("button");
    toast.className = "toast";
    toast.dataset.toast = "";
    toast.setAttribute("role", "status");
    said.textContent = text;
    holder.dataset.undo = "";
    button.type = "button";
    button.className = "btn btn--s";
    button.append(label, " ");
    const key = document.createElement("kbd");
    key.textContent = "Z";
    button.append(key);
    button.addEventListener("click", () => { toast.remove(); act(); });
    holder.append(button);
    toast.append(said, holder);
    one("#toasts").prepend(toast);
    caseway.startToasts();
  };
  if (!composer) return;
  const panels = all("[data-panel]", composer);
  const narrow = matchMedia("(width < 760px)");
  const keeperOf = (panel) => caseway.keeperOf(panel);

  function show(name) {
    panels.forEach((panel) => { panel.hidden = panel.dataset.panel !== name; panel.removeAttribute("data-hidden"); });
    all("[data-tab]", composer).forEach((tab) => {
      if (tab.dataset.tab === name) tab.setAttribute("aria-current", "true"); else tab.removeAttribute("aria-current");
    });
    composer.classList.toggle("composer--note", name === "note");
  }
  function compose(name) {
    const panel = panels.find((found) => found.dataset.panel === name);
    if (!panel) { const begin = name === "forward" && one("[data-begin-forward]", composer); if (begin) begin.click(); return Boolean(begin); }
    dock.removeAttribute("data-composer");
    show(name);
    const keeper = keeperOf(panel), to = panel.elements.to;
    if (to && !to.value && name !== "reply") to.focus();
    else if (keeper?.editor) keeper.editor.focus();
    else { keeper.area.focus(); keeper.area.setSelectionRange(keeper.area.value.length, keeper.area.value.length); }
    return true;
  }
  function fold() { if (narrow.matches && dock.dataset.firstTab !== "new") dock.dataset.composer = "closed"; }
  caseway.compose = compose;

  composer.addEventListener("click", (event) => { const tab = event.target.closest("button[data-tab]"); if (tab) compose(tab.dataset.tab); });
  dock.addEventListener("click", (event) => {
    const button = event.target.closest("[data-compose]");
    if (button) { if (button.dataset.compose) compose(button.dataset.compose); else fold(); }
  });

  /* reply to all or to the sender */
  composer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-everybody]");
    if (!button) return;
    const cc = button.form.elements.cc, rows = one("#" + button.nextElementSibling.dataset.show), all = button.getAttribute("aria-pressed") !== "true";
    cc.value = all ? button.dataset.everybody : "";
    button.setAttribute("aria-pressed", all);
    rows.toggleAttribute("data-open", all);
    cc.dispatchEvent(new Event("input", { bubbles: true }));
    cc.dispatchEvent(new Event("change", { bubbles: true }));
  });

  composer.addEventListener("keydown", (event) => {
    const form = event.target.closest("form.writer");
    if (!form) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const box = one('#cautions [name="anyway"]', form);
      form.requestSubmit(box && event.shiftKey ? box : one("[data-send]", form));
    } else if (event.key === "Escape" && !caseway.isPicking?.() && !one(":popover-open", form) && event.target.matches(".editor, textarea, .addr__in:not([data-link-address])")) {
      event.target.blur();
      fold();
      event.stopPropagation();
    } else if (event.key === "Enter" && event.target.matches(".addr__in:not([data-link-address])")) {
      event.preventDefault(); // the first button of the form would send
      keeperOf(form)?.editor?.focus();
    } else if (event.key === "Enter" && event.target.name === "send_at") {
      event.preventDefault();
      form.requestSubmit(one("[data-later]", form));
    }
  });

  /* ── sending: the page stays until the server has it ── */
  composer.addEventListener("submit", async (event) => {
    const form = event.target.closest("form.writer");
    if (!form) return;
    event.preventDefault();
    const keeper = keeperOf(form), slot = one("[data-refused]", form);
    if (form.dataset.sending) return;
    if (caseway.isUploading()) { keeper.say(words.wait); return; }
    form.dataset.sending = "1";
    const buttons = all("button:not([type=button])", form);
    buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
    all(":popover-open", form).forEach((menu) => menu.hidePopover());
    clearTimeout(keeper.timer);
    if (keeper.running) await keeper.running;
    keeper.editor?.sync();
    const body = new FormData(form, event.submitter);
    let response = null;
    try { response = await fetch(form.action, { method: "POST", body, credentials: "same-origin", headers: { "X-Requested-With": "caseway" } }); }
    catch { /* told below */ }
    delete form.dataset.sending;
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
    if (response?.ok && !response.redirected) {
      keeper.finish();
      const { go } = await response.json();
      history.replaceState(null, "", go);
      location.reload();
      return;
    }
    keeper.dirty = true;
    keeper.save();
    if (response?.status === 422 || response?.status === 409) {
      slot.replaceChildren(caseway.fragment(await response.text()));
      const box = one("[data-version]", slot);
      if (box) { form.elements.version.value = box.dataset.version; form.elements.seen.value = box.dataset.seen; }
      slot.scrollIntoView({ block: "nearest" });
      one("button", slot)?.focus();
    } else if (response?.redirected) location.reload();
    else keeper.say(response ? words.failed : words.unsent);
  });
  composer.addEventListener("click", (event) => {
    const form = event.target.closest("form.writer");
    if (event.target.closest("[data-edit-mine]")) { one("[data-refused]", form).replaceChildren(); keeperOf(form).editor.focus(); }
    if (event.target.closest("[data-discard-mine]")) keeperOf(form).discard();
  });

  /* ── a colleague's draft, to be read ── */
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-see-draft]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const response = await caseway.get(link.href);
    if (!response.ok) { location.assign(link.href); return; }
    const dialog = document.createElement("dialog");
    dialog.className = "modal draftbox";
    dialog.setAttribute("aria-labelledby", "draft-title");
    dialog.append(caseway.fragment(await response.text()));
    dialog.addEventListener("close", () => { dialog.remove(); link.isConnected && link.focus(); });
    document.body.append(dialog);
    dialog.showModal();
    caseway.freshTimes();
  });

  const asked = "typed" in dock.dataset || "asked" in dock.dataset;
  if (asked) history.replaceState(null, "", document.body.dataset.url + location.hash);
  const wanted = location.hash.slice(1);
  if (["reply", "note", "forward"].includes(wanted)) compose(wanted);
  else if (asked) compose(dock.dataset.firstTab);
  else {
    show(panels.some((panel) => panel.dataset.panel === dock.dataset.firstTab) ? dock.dataset.firstTab : panels[0].dataset.panel);
    fold();
    if (dock.dataset.firstTab === "new") compose("new");
  }

  /* a long conversation opens at its end, where the answer goes */
  document.addEventListener("DOMContentLoaded", () => {
    const scroller = one("#messages"), messages = scroller ? all(".msg", scroller) : [];
    const aim = location.hash.startsWith("#message-") ? one(location.hash) : messages.length > 2 ? messages.at(-1) : null;
    aim?.scrollIntoView({ block: "nearest" });
  });
})();
