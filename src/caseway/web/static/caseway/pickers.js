/* Lists that open while somebody writes: canned replies, colleagues to mention, people to write to.
   All of them: arrows move, Enter takes, Escape closes and gives the focus back. */
"use strict";
(() => {
  const { one, all, get, fragment } = caseway;
  const words = one("#composer-words")?.dataset;
  if (!words) return;
  const later = (act, wait = 120) => { let timer = 0; return (...values) => { clearTimeout(timer); timer = setTimeout(() => act(...values), wait); }; };

  function step(options, by) {
    if (!options.length) return null;
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    return choose(options, (at + by + options.length) % options.length);
  }
  function choose(options, index) {
    options.forEach((option, at) => option.setAttribute("aria-selected", at === index));
    options[index]?.scrollIntoView({ block: "nearest" });
    return options[index];
  }
  const chosen = (within) => one('[data-option][aria-selected="true"]', within);

  /* ── canned replies ── */
  let picker = null;
  function openCanned(form) {
    const button = one("[data-open-canned]", form), keeper = caseway.keeperOf(form);
    if (!button || !keeper) return;
    closeCanned();
    const selection = getSelection();
    const range = selection.rangeCount && keeper.editor.box.contains(selection.anchorNode) ? selection.getRangeAt(0).cloneRange() : null;
    picker = document.createElement("div");
    picker.className = "picker";
    picker.setAttribute("role", "dialog");
    picker.setAttribute("aria-label", button.getAttribute("aria-label"));
    const search = document.createElement("div");
    search.className = "picker__search";
    search.append(one("svg", button).cloneNode(true));
    const field = document.createElement("input");
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": "canned-list", "aria-label": button.getAttribute("aria-label"), placeholder: button.getAttribute("aria-label"), autocomplete: "off" })) field.setAttribute(name, value);
    const key = document.createElement("kbd");
    key.textContent = "esc";
    search.append(field, key);
    const place = document.createElement("div");
    place.className = "picker__found";
    picker.append(search, place);
    one("#dock").append(picker);
    const state = { form, keeper, range, field, place };
    picker.state = state;
    const query = () => new URLSearchParams({ q: field.value, case: form.elements.case.value, from_address: form.elements.from_address?.value ?? "" });
    const find = async () => {
      const asked = field.value, response = await get(`${button.dataset.openCanned}?${query()}`);
      if (!response.ok || !picker || field.value !== asked) return;
      place.replaceChildren(fragment(await response.text()));
      select();
    };
    const select = () => {
      const option = chosen(place);
      field.setAttribute("aria-activedescendant", option?.id ?? "");
      all("[data-preview]", place).forEach((preview) => { preview.hidden = preview.dataset.preview !== option?.id; });
    };
    field.addEventListener("input", later(find));
    field.addEventListener("keydown", (event) => {
      const options = all("[data-option]", place);
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); step(options, event.key === "ArrowDown" ? 1 : -1); select(); }
      else if (event.key === "Enter") { event.preventDefault(); use(chosen(place)); }
      else if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); closeCanned(true); }
    });
    place.addEventListener("mousemove", (event) => { const option = event.target.closest("[data-option]"); if (option) { const options = all("[data-option]", place); choose(options, options.indexOf(option)); select(); } });
    place.addEventListener("mousedown", (event) => event.preventDefault());
    place.addEventListener("click", (event) => use(event.target.closest("[data-option]")));
    field.addEventListener("blur", () => setTimeout(() => { if (picker?.state === state && !picker.contains(document.activeElement)) closeCanned(); }, 150));
    find();
    field.focus();
    async function use(option) {
      if (!option) return;
      const body = new FormData();
      body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      query().forEach((value, name) => body.set(name, value));
      const response = await fetch(option.dataset.use, { method: "POST", body, credentials: "same-origin" }).catch(() => null);
      const found = response ? await response.json().catch(() => ({})) : {};
      if (!response?.ok) { caseway.announce(found.problem || words.failed); return; }
      closeCanned(true);
      keeper.editor.insert(found.html);
    }
  }
  function closeCanned(back = false) {
    if (!picker) return;
    const { keeper, range } = picker.state;
    picker.remove();
    picker = null;
    if (!back) return;
    keeper.editor.box.focus();
    if (range) { getSelection().removeAllRanges(); getSelection().addRange(range); } else keeper.editor.focus();
  }
  document.addEventListener("click", (event) => { const button = event.target.closest("[data-open-canned]"); if (button) openCanned(button.form); });
  for (const editor of caseway.editors) {
    editor.box.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !editor.form.matches(".writer") || !editor.isOnEmptyLine()) return;
      event.preventDefault();
      openCanned(editor.form);
    });
  }

  /* ── suggestions below (or above) a field ── */
  class Suggestions {
    constructor(field, label) {
      this.field = field;
      this.list = document.createElement("div");
      this.list.className = "suggestions";
      this.list.id = `${field.id}-suggestions`;
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-label", label);
      this.list.hidden = true;
      (field.closest(".addr") ?? field.parentElement).append(this.list);
      field.setAttribute("aria-autocomplete", "list");
      field.setAttribute("aria-controls", this.list.id);
      this.list.addEventListener("mousedown", (event) => event.preventDefault());
      this.list.addEventListener("click", (event) => { const option = event.target.closest("[data-option]"); if (option) this.take(option); });
      field.addEventListener("keydown", (event) => this.key(event), true);
      field.addEventListener("blur", () => this.close());
    }
    get isOpen() { return !this.list.hidden; }
    show(found, act) {
      this.act = act;
      this.list.replaceChildren(...found.map((one, at) => {
        const option = document.createElement("div");
        option.className = "menu__item";
        option.id = `${this.list.id}-${at}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", at === 0);
        option.dataset.option = "";
        option.found = one;
        const name = document.createElement("bdi");
        name.textContent = one.name;
        const small = document.createElement("small");
        small.textContent = one.email === one.name ? "" : one.email;
        option.append(name, small);
        return option;
      }));
      this.list.hidden = !found.length;
      this.mark();
    }
    mark() {
      const option = this.isOpen && chosen(this.list);
      if (option) this.field.setAttribute("aria-activedescendant", option.id); else this.field.removeAttribute("aria-activedescendant");
    }
    close() { this.list.hidden = true; this.mark(); }
    take(option) { this.close(); this.act(option.found); }
    key(event) {
      if (!this.isOpen) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); step(all("[data-option]", this.list), event.key === "ArrowDown" ? 1 : -1); this.mark(); }
      else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") { event.preventDefault(); event.stopImmediatePropagation(); this.take(chosen(this.list)); }
      else if (event.key === "Escape") { event.preventDefault(); event.stopImmediatePropagation(); this.close(); }
    }
  }

  for (const field of all("[data-people]")) {
    const list = new Suggestions(field, words.contacts);
    field.addEventListener("input", () => list.close()); // what was found for fewer letters must not be taken by Enter
    field.addEventListener("input", later(async () => {
      const before = field.value.slice(0, field.selectionStart), from = Math.max(before.lastIndexOf(","), before.lastIndexOf(";")) + 1;
      const typed = before.slice(from).trim();
      if (typed.length < 2) { list.close(); return; }
      const response = await get(`${field.dataset.people}?q=${encodeURIComponent(typed)}`);
      if (!response.ok) return;
      let { found } = await response.json();
      if (document.activeElement !== field || field.value.slice(0, field.selectionStart) !== before) return;
      /* whoever writes an address means that one, not a name that is nearly so */
      if (typed.includes("@")) found = found.filter((one) => `${one.email}`.toLowerCase().includes(typed.toLowerCase()));
      list.show(found, (one) => {
        const lead = field.value.slice(0, from) + (from ? " " : ""), rest = field.value.slice(before.length).replace(/^[^,;]*[,;]?\s*/, "");
        field.value = `${lead}${one.value}, ${rest}`;
        field.setSelectionRange(lead.length + one.value.length + 2, lead.length + one.value.length + 2);
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }));
  }

  const note = one("textarea[data-mentions]");
  if (note) {
    const list = new Suggestions(note, words.mentions);
    let people = null;
    note.addEventListener("input", async () => {
      const before = note.value.slice(0, note.selectionStart), found = /(?:^|[\s(])@([\p{L}\p{M}'’.-]*(?: [\p{L}\p{M}'’.-]*)?)$/u.exec(before);
      if (!found) { list.close(); return; }
      people ??= get(note.dataset.mentions).then((response) => (response.ok ? response.json() : { found: [] }));
      const typed = found[1].toLocaleLowerCase(), all = (await people).found;
      const fit = all.filter((one) => one.name.toLocaleLowerCase().startsWith(typed) || one.name.toLocaleLowerCase().split(" ").some((word) => word.startsWith(typed)));
      if (document.activeElement !== note) return;
      list.show(fit.slice(0, 8), (one) => {
        const start = before.length - found[1].length, text = `${one.name} `;
        note.setRangeText(text, start, before.length, "end");
        const id = document.createElement("input");
        Object.assign(id, { type: "hidden", name: "mentions", value: one.id });
        note.form.append(id);
        note.dispatchEvent(new Event("input", { bubbles: true }));
      });
    });
  }
  caseway.isPicking = () => Boolean(picker) || all(".suggestions").some((list) => !list.hidden);
})();
