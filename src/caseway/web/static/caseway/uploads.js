/* Files of a draft: chosen, dropped or pasted, they go up at once. A picture on the text stands inside it. */
"use strict";
(() => {
  const { one, all } = caseway;
  const words = one("#composer-words")?.dataset;
  if (!words) return;
  const LIMIT = 25 * 1024 * 1024;
  const PICTURE = /^image\/(?:png|jpe?g|gif|webp)$/;
  let running = 0;

  function tell(form, text) { one("[data-saved]", form).textContent = text; caseway.announce(text); }
  function bytes(form) { return all("[data-file-list] .file:not([hidden])", form).reduce((sum, row) => sum + Number(row.dataset.bytes || 0), 0); }

  function row(form, file) {
    const item = document.createElement("li");
    item.className = "file file--going";
    item.dataset.bytes = file.size;
    item.innerHTML = '<span><bdi></bdi><small></small></span><progress max="1" value="0"></progress><button type="button" class="btn btn--quiet btn--icon btn--s">×</button>';
    one("bdi", item).textContent = file.name;
    one("progress", item).setAttribute("aria-label", file.name);
    const button = one("button", item);
    button.setAttribute("aria-label", words.remove.replace("%s", file.name));
    one("[data-file-list]", form).append(item);
    return item;
  }

  function send(url, form, file, inline, progress) {
    return new Promise((resolve) => {
      const body = new FormData(), request = new XMLHttpRequest();
      body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      body.set("file", file, file.name || "image.png");
      if (inline) body.set("inline", "1");
      request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) progress(event.loaded / event.total, request); });
      request.addEventListener("load", () => { try { resolve({ ok: request.status === 200, ...JSON.parse(request.responseText) }); } catch { resolve({ ok: false }); } });
      request.addEventListener("error", () => resolve({ ok: false }));
      request.addEventListener("abort", () => resolve({ ok: false, gone: true }));
      request.open("POST", url);
      request.send(body);
      progress(0, request);
    });
  }

  async function upload(form, file, inline) {
    const keeper = caseway.keeperOf(form);
    if (!keeper || !one("[data-file-list]", form)) return;
    if (file.size + bytes(form) > LIMIT) { tell(form, words.tooLarge.replace("%s", file.name)); return; }
    const item = inline ? null : row(form, file);
    let cancel = () => item?.remove();
    item && one("button", item).addEventListener("click", () => cancel());
    running += 1;
    const url = await keeper.ensure();
    const found = url ? await send(url, form, file, inline, (part, request) => {
      if (!item) return;
      cancel = () => { request.abort(); item.remove(); };
      one("progress", item).value = part;
      one("small", item).textContent = words.uploading.replace("%s", Math.round(part * 100));
    }) : { ok: false };
    running -= 1;
    if (!found.ok) { item?.remove(); if (!found.gone) tell(form, found.problem || words.notUploaded.replace("%s", file.name)); keeper.show(); return; }
    if (inline) { keeper.editor.insert(`<img src="${found.url}" alt="">`); return; }
    item.classList.remove("file--going");
    one("progress", item).remove();
    one("small", item).textContent = found.size;
    one("button", item).dataset.removeFile = found.removal;
    cancel = () => {};
    keeper.show();
    caseway.announce(file.name);
  }

  async function remove(button) {
    const form = button.form ?? button.closest("form"), item = button.closest(".file");
    const body = new FormData();
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    item.hidden = true;
    const response = await fetch(button.dataset.removeFile, { method: "POST", body, credentials: "same-origin" }).catch(() => null);
    if (response?.ok || response?.status === 404) { item.remove(); caseway.keeperOf(form)?.typed(); } else { item.hidden = false; tell(form, words.failed); }
  }

  function take(form, files, target) {
    const onText = target instanceof Element && target.closest(".editor");
    for (const file of files) upload(form, file, Boolean(onText) && PICTURE.test(file.type));
  }

  document.addEventListener("click", (event) => { const button = event.target.closest("[data-remove-file]"); if (button) remove(button); });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-files]")) return;
    const files = [...event.target.files];
    event.target.value = ""; // they travel with the draft, not with the form
    take(event.target.form, files, null);
  });
  document.addEventListener("paste", (event) => {
    const form = event.target.closest?.("form.writer");
    if (!form || !event.clipboardData?.files.length) return;
    event.preventDefault();
    take(form, event.clipboardData.files, event.target);
  });
  const composer = one("#composer");
  const holdsFiles = (event) => [...event.dataTransfer?.types ?? []].includes("Files");
  composer.addEventListener("dragover", (event) => { if (holdsFiles(event)) { event.preventDefault(); composer.classList.add("composer--over"); } });
  composer.addEventListener("dragleave", (event) => { if (!composer.contains(event.relatedTarget)) composer.classList.remove("composer--over"); });
  composer.addEventListener("drop", (event) => {
    composer.classList.remove("composer--over");
    if (!holdsFiles(event)) return;
    const form = event.target.closest("form.writer") ?? one("form.writer:not([hidden])", composer);
    event.preventDefault();
    if (form) take(form, event.dataTransfer.files, event.target);
  });
  caseway.isUploading = () => running > 0;
})();
