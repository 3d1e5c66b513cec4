/* Pickers that load when they open: filters of a list, and what a bulk menu offers. Typing narrows, arrows move,
   Enter takes. */
"use strict";
(() => {
  const { one, all, get, fragment } = caseway;
  const shown = (element) => element.checkVisibility?.() ?? Boolean(element.offsetParent);

  /* ── the filter picker ── */
  const picker = one("#filter-picker");
  async function fill(place, url, select) {
    if (place.dataset.filled === url) return true;
    const response = await get(url);
    if (!response.ok) return false;
    const found = fragment(await response.text());
    place.replaceChildren(...(select ? all(`${select} > *`, found) : [...found.children]));
    place.dataset.filled = url;
    return true;
  }
  picker?.addEventListener("toggle", async (event) => {
    if (event.newState !== "open") return;
    if (await fill(picker, picker.dataset.url)) one("[data-filter-search]", picker)?.focus();
  });

  const fold = (text) => text.toLocaleLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  function narrow(words) {
    const wanted = fold(words.trim());
    let any = false;
    for (const section of all(".picker-section", picker)) {
      const isTitle = fold(one("summary", section).textContent).includes(wanted);
      let hits = 0;
      for (const option of all(".picker-option", section)) {
        const is = !wanted || isTitle || fold(option.textContent).includes(wanted);
        option.hidden = !is;
        if (is && wanted) hits += 1;
      }
      section.hidden = Boolean(wanted) && !isTitle && !hits;
      section.toggleAttribute("name", false);
      section.open = Boolean(wanted) && (hits > 0 || isTitle);
      any ||= !section.hidden;
    }
    one("[data-no-option]", picker).hidden = any;
  }
  const stops = () => all("summary, .picker-section[open] input", picker).filter(shown);

  let finding = 0;
  picker?.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter-search]")) narrow(event.target.value);
    const key = event.target.dataset.filterFind;
    if (!key) return;
    clearTimeout(finding);
    finding = setTimeout(() => find(event.target, key), 200);
  });
  async function find(field, key) {
    const form = field.form, place = one("[data-found]", field.closest(".picker-section"));
    const response = await get(`${form.dataset.find}?${new URLSearchParams({ key, q: field.value })}`);
    if (!response.ok) return;
    const { found } = await response.json();
    all(".picker-option:not(:has(:checked))", place).forEach((option) => option.remove());
    for (const [value, name] of found) {
      if (one(`input[value="${CSS.escape(value)}"]`, place)) continue;
      const option = document.createElement("label"), box = document.createElement("input"), words = document.createElement("bdi");
      option.className = "picker-option";
      Object.assign(box, { type: "checkbox", name: key, value });
      words.textContent = name;
      option.append(box, words);
      place.append(option);
    }
  }
  picker?.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !(event.target.type === "date")) {
      event.preventDefault();
      const list = [one("[data-filter-search]", picker), ...stops()], at = list.indexOf(document.activeElement);
      list[(at + step + list.length) % list.length]?.focus();
    }
    if (event.key !== "Enter" || event.target.tagName === "SUMMARY" || event.target.tagName === "BUTTON" || event.target.tagName === "A") return;
    event.preventDefault();
    if (event.target.matches("[data-filter-find]")) { clearTimeout(finding); find(event.target, event.target.dataset.filterFind); return; }
    if (event.target.matches("[data-filter-search]")) {
      const first = event.target.value.trim() && all(".picker-section[open] .picker-option input", picker).find(shown);
      if (!first) return;
      first.checked = true;
    } else if (event.target.type === "checkbox") event.target.checked = true;
    apply(event.target.form);
  });
  picker?.addEventListener("submit", (event) => { event.preventDefault(); apply(event.target); });
  function apply(form) {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) query.append(name, value);
    const words = query.toString();
    location.assign(form.getAttribute("action") + (words ? "?" + words : ""));
  }

  /* ── menus of the bulk bar ── */
  for (const menu of all("[data-bulk-choices]")) {
    menu.addEventListener("toggle", async (event) => {
      if (event.newState !== "open") return;
      const bar = one("#bulk");
      if (await fill(menu, bar.dataset.choices, `[data-choices-for="${menu.dataset.bulkChoices}"]`)) (one("[data-menu-search]", menu) ?? one(".menu__item", menu))?.focus();
    });
  }
  const items = (menu) => all(".menu__item", menu).filter(shown);
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-menu-search]")) return;
    const wanted = fold(event.target.value.trim());
    for (const item of all(".menu__item", event.target.closest(".menu"))) (item.closest("[data-menu-row]") ?? item).hidden = Boolean(wanted) && !fold(item.textContent).includes(wanted);
  });
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("[data-menu-search]");
    if (!field) return;
    const menu = field.closest(".menu");
    if (event.key === "ArrowDown") { event.preventDefault(); items(menu)[0]?.focus(); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    const exact = items(menu).find((item) => fold(item.textContent.trim()) === fold(field.value.trim()));
    if (field.dataset.enter && !exact) { if (field.value.trim()) one(`button[value="${field.dataset.enter}"]`, menu).click(); }
    else (exact ?? items(menu)[0])?.click();
  });

  /* ── saved views in the menu of lists ── */
  one("#more-views")?.addEventListener("toggle", (event) => {
    const place = one("[data-saved-views]");
    if (event.newState === "open") fill(place, place.dataset.savedViews);
  });

  /* ── 'Save this view…' opens its dialog where there is one ── */
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]"), dialog = opener && one("#" + opener.dataset.openDialog);
    if (!dialog) return;
    event.preventDefault();
    opener.closest("[popover]")?.hidePopover();
    dialog.showModal();
    one("[name=name]", dialog)?.select();
  });
})();
