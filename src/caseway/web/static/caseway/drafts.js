/* Drafts: on this device with each key, on the server with each pause; read by colleagues, back after a crash.
   One keeper for each form of the composer. */
"use strict";
(() => {
  const { one, all } = caseway;
  const words = one("#composer-words")?.dataset;
  if (!words) return;
  const PAUSE = 700, AGAIN = 8000;
  const NAMES = ["to", "cc", "bcc", "subject", "from_address"];
  const storage = {
    read: (key) => { try { return JSON.parse(localStorage.getItem("caseway-draft-" + key)); } catch { return null; } },
    write: (key, value) => { try { if (value) localStorage.setItem("caseway-draft-" + key, JSON.stringify(value)); else localStorage.removeItem("caseway-draft-" + key); } catch { /* private mode */ } },
  };

  class Keeper {
    constructor(form) {
      this.form = form;
      this.area = one("textarea[name=text]", form);
      this.editor = caseway.editors.find((found) => found.form === form) ?? null;
      this.saved = one("[data-saved]", form);
      this.trash = one("[data-discard]", form);
      this.key = form.dataset.store;
      this.dirty = false;
      this.done = false;
      this.pending = null;
      form.addEventListener("input", (event) => { if (event.target.type !== "file" && !event.target.matches("[data-link-address], [name=send_at]")) this.typed(event); });
      form.addEventListener("change", (event) => { if (event.target.name === "from_address") this.typed(event); });
      this.trash?.addEventListener("click", () => this.discard());
      this.takeLocal();
      this.show();
    }
    field(name) { return this.form.elements[name]; }
    get id() { return this.field("draft").value; }
    get version() { return Number(this.field("draft_version").value || 0); }
    isEmpty() { return this.editor ? this.editor.isEmpty() : !this.area.value.trim(); }
    hasFiles() { return Boolean(one("[data-file-list] .file:not([hidden])", this.form)); }
    values() {
      this.editor?.sync();
      const found = { text: this.area.value, html: this.editor && !this.editor.isEmpty() ? this.editor.html() : "" };
      for (const name of NAMES) if (this.field(name)) found[name] = this.field(name).value;
      return found;
    }
    apply(values) {
      if (this.editor) this.editor.set(values.html, values.text); else this.area.value = values.text;
      for (const name of NAMES) if (this.field(name) && values[name]) this.field(name).value = values[name];
      this.show();
    }
    show() { if (this.trash) this.trash.hidden = this.isEmpty() && !this.hasFiles(); }
    say(text) { if (this.saved) this.saved.textContent = text; }

    typed(event) {
      this.dirty = true;
      this.show();
      if (event?.isTrusted !== false || event?.target === this.area) caseway.typedAt = Date.now();
      if (!this.done) storage.write(this.key, { ...this.values(), base: this.version });
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), PAUSE);
    }
    /* what the server had not yet answered for when the page went away */
    takeLocal() {
      const local = storage.read(this.key);
      if (!local || one("#dock")?.hasAttribute("data-typed")) return;
      if ("discarded" in local) { this.forget(local.discarded); return; }
      if (this.editor ? local.html === this.editor.html() : local.text === this.area.value) { storage.write(this.key, null); return; }
      if (local.base === this.version) { this.apply(local); this.dirty = true; this.timer = setTimeout(() => this.save(), 50); return; }
      this.mine = local;
      this.tellStale();
    }
    /* thrown away a moment before this page was made: it may still have come with it */
    forget(id) {
      storage.write(this.key, null);
      if (!id || id !== this.id) return;
      if (this.editor) this.editor.set(""); else this.area.value = "";
      this.pending = { files: all("[data-file-list] .file", this.form), timer: 0 };
      this.finishDiscard();
    }
    body(more = {}) {
      const body = new FormData();
      for (const name of ["kind", "case", "draft", "draft_version", "answered", "csrfmiddlewaretoken"]) body.set(name, this.field(name)?.value ?? "");
      for (const [name, value] of Object.entries({ ...this.values(), ...more })) body.set(name, value);
      return body;
    }
    async save(more = {}) {
      clearTimeout(this.timer);
      if (this.done) return false;
      if (this.running) { await this.running; if (!this.dirty && !more.wanted) return true; }
      this.running = this.send(more);
      const result = await this.running;
      this.running = null;
      return result;
    }
    async send(more) {
      if (this.pending) await this.finishDiscard();
      this.dirty = false;
      this.say(words.saving);
      let response;
      try { response = await fetch(this.form.dataset.keep, { method: "POST", body: this.body(more), credentials: "same-origin" }); }
      catch { response = null; }
      if (this.done) return false;
      if (response?.status === 409) { this.other = await response.json(); this.tellStale(); return false; }
      if (!response?.ok || response.redirected) {
        this.dirty = true;
        this.say(words.local);
        this.timer = setTimeout(() => this.save(), AGAIN);
        return false;
      }
      this.know(await response.json());
      if (!this.dirty) storage.write(this.key, null);
      this.say(this.id ? words.saved : "");
      return true;
    }
    know(found) {
      this.field("draft").value = found.draft || "";
      this.field("draft_version").value = found.version || "";
      if (found.files) this.form.dataset.filesUrl = found.files;
      if (found.discard) this.form.dataset.discardUrl = found.discard;
    }
    /* a draft on the server, for a file to go into */
    async ensure() { if (!this.id) await this.save({ wanted: "1" }); return this.form.dataset.filesUrl; }

    /* ── the same person in another tab ── */
    tellStale() {
      this.say("");
      if (one(".stale", this.form)) return;
      const box = document.createElement("div");
      box.className = "callout callout--warn callout--dock stale";
      box.setAttribute("role", "alert");
      const text = document.createElement("p");
      text.textContent = words.stale;
      const row = document.createElement("div");
      row.className = "callout__row";
      row.append(this.choice(words.takeOther, () => this.takeOther()), this.choice(words.keepMine, () => this.keepMine()));
      box.append(text, row);
      one("[data-refused]", this.form).prepend(box);
    }
    choice(label, act) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn--s";
      button.textContent = label;
      button.addEventListener("click", async () => { await act(); one(".stale", this.form)?.remove(); (this.editor ?? this.area).focus(); });
      return button;
    }
    /* asking to keep with an old version brings what is there */
    async ask() {
      if (this.other) return this.other;
      const body = this.body();
      body.set("draft_version", "999999999");
      const response = await fetch(this.form.dataset.keep, { method: "POST", body, credentials: "same-origin" });
      return response.status === 409 ? response.json() : null;
    }
    async takeOther() {
      const other = await this.ask();
      this.other = this.mine = null;
      if (!other) return;
      this.know(other);
      this.apply(other);
      this.dirty = false;
      storage.write(this.key, null);
      this.say(words.saved);
    }
    async keepMine() {
      const other = await this.ask();
      if (this.mine) this.apply(this.mine);
      this.other = this.mine = null;
      if (other) this.know(other);
      this.dirty = true;
      await this.save();
    }
    heard(event) {
      if (event.kind !== this.form.dataset.writer || this.done) return;
      setTimeout(() => { if (!this.running && this.version && event.version > this.version) this.tellStale(); }, 400);
    }

    /* ── thrown away, with ten seconds to think again ── */
    discard() {
      clearTimeout(this.timer);
      const files = all("[data-file-list] .file", this.form);
      this.pending = { values: this.values(), files, timer: setTimeout(() => this.finishDiscard(), 10000) };
      files.forEach((file) => { file.hidden = true; });
      if (this.editor) this.editor.set(""); else this.area.value = "";
      this.dirty = false;
      storage.write(this.key, { discarded: this.id });
      this.say("");
      this.show();
      one("[data-refused]", this.form)?.replaceChildren();
      caseway.toast(words.discarded, words.undo, () => this.undoDiscard());
    }
    undoDiscard() {
      if (!this.pending) return;
      clearTimeout(this.pending.timer);
      const { values, files } = this.pending;
      this.pending = null;
      files.forEach((file) => { file.hidden = false; });
      this.apply(values);
      this.typed();
      (this.editor ?? this.area).focus();
    }
    async finishDiscard() {
      const { pending } = this;
      if (!pending) return;
      clearTimeout(pending.timer);
      this.pending = null;
      pending.files.forEach((file) => file.remove());
      if (!this.id) return;
      const body = new FormData();
      body.set("csrfmiddlewaretoken", this.field("csrfmiddlewaretoken").value);
      this.know({});
      await fetch(this.form.dataset.discardUrl, { method: "POST", body, credentials: "same-origin", keepalive: true }).catch(() => {});
    }
    leave() {
      if (this.pending) { this.finishDiscard(); return; }
      if (this.dirty && !this.done && !one(".stale", this.form)) navigator.sendBeacon(this.form.dataset.keep, this.body());
    }
    /* it was sent: nothing of it stays */
    finish() { this.done = true; clearTimeout(this.timer); storage.write(this.key, null); }
  }

  caseway.keepers = all("form[data-writer]").map((form) => new Keeper(form));
  caseway.keeperOf = (form) => caseway.keepers.find((keeper) => keeper.form === form);
  addEventListener("pagehide", () => caseway.keepers.forEach((keeper) => keeper.leave()));
  addEventListener("online", () => caseway.keepers.forEach((keeper) => { if (keeper.dirty) keeper.save(); }));
  document.addEventListener("caseway:draft", (event) => {
    const { number, writer } = event.detail;
    if (String(number ?? "") !== (document.body.dataset.number ?? "")) return;
    if (caseway.keepers[0]?.key.startsWith(`${writer}-`)) caseway.keepers.forEach((keeper) => keeper.heard(event.detail));
  });
})();
