/* The case page: pickers of another case or contact, pictures, the place in the list that one came from, and having
   seen it. The list page leaves its order in the session's storage. */
"use strict";
(() => {
  const { one, all, get, fragment } = caseway;
  const body = document.body;
  const csrf = () => one("input[name=csrfmiddlewaretoken]")?.value ?? "";

  /* ── the list leaves its order behind, for Previous and Next ── */
  const KEY = "caseway-order";
  const keep = () => {
    const numbers = all("#rows > .caserow").map((row) => row.dataset.number).filter(Boolean);
    if (!numbers.length) return;
    try { sessionStorage.setItem(KEY, JSON.stringify({ view: body.dataset.view, numbers })); } catch { /* private mode */ }
  };
  if (body.dataset.page === "list") addEventListener("pagehide", keep);
  if (body.dataset.page !== "case") return;

  function showPlace() {
    let order;
    try { order = JSON.parse(sessionStorage.getItem(KEY) ?? "null"); } catch { return; }
    const at = order?.numbers?.indexOf(body.dataset.number) ?? -1;
    if (at < 0) return;
    const place = one("#place"), list = new URLSearchParams(location.search).get("list") ?? order.view ?? "";
    place.textContent = place.dataset.text.replace("%1", at + 1).replace("%2", order.numbers.length);
    place.hidden = one("#neighbours").hidden = false;
    for (const [selector, number] of [["#previous-case", order.numbers[at - 1]], ["#next-case", order.numbers[at + 1]]]) {
      const link = one(selector);
      if (number) link.href = `/cases/${encodeURIComponent(number)}?list=${encodeURIComponent(list)}`;
      else { link.removeAttribute("href"); link.setAttribute("aria-disabled", "true"); }
    }
  }

  /* ── seen: while the page is before somebody's eyes ── */
  let unseen = true;
  function see() {
    if (!unseen || document.visibilityState !== "visible") return;
    unseen = false;
    fetch(body.dataset.seenUrl, { method: "POST", credentials: "same-origin", keepalive: true, headers: { "X-CSRFToken": csrf() } }).catch(() => { unseen = true; });
  }
  document.addEventListener("visibilitychange", see);
  document.addEventListener("caseway:case", (event) => { if (event.detail.hasNews) { unseen = true; see(); } });

  /* ── one dialog finds what another case or contact is needed for ── */
  const finder = one("#finder"), words = one("#finder-q"), found = one("#finder-found");
  let purpose = "", asked = 0, timer = 0;
  function openFinder(button) {
    purpose = button.dataset.pick;
    one("form", finder).action = button.dataset.action;
    one("#finder-title").textContent = button.dataset.title;
    one("#finder-note").textContent = button.dataset.note ?? "";
    words.placeholder = purpose === "contact" ? words.dataset.contacts : words.dataset.cases;
    words.value = "";
    found.replaceChildren();
    all("[popover]:popover-open").forEach((open) => open.hidePopover());
    finder.showModal();
    words.focus();
    search();
  }
  async function search() {
    const now = ++asked;
    const response = await get(`${finder.dataset.url}?for=${purpose}&q=${encodeURIComponent(words.value)}`);
    if (now === asked && response.ok) found.replaceChildren(fragment(await response.text()));
  }
  words.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 120); });
  finder.addEventListener("keydown", async (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const items = all(".menu__item", found), at = items.indexOf(document.activeElement);
    if (step) {
      event.preventDefault();
      if (at + step < 0) words.focus(); else items[Math.min(at + step, items.length - 1)]?.focus();
    } else if (event.key === "Enter" && event.target === words) {
      event.preventDefault();
      clearTimeout(timer);
      await search(); // what is shown may be older than what was typed
      one(".menu__item", found)?.click();
    }
  });

  /* ── pictures are looked at here ── */
  const viewer = one("#viewer");
  function openPicture(link) {
    one("#viewer-name").textContent = one("bdi", link).textContent;
    one("#viewer-image").src = link.dataset.picture;
    one("#viewer-image").alt = one("bdi", link).textContent;
    one("#viewer-download").href = link.dataset.picture.replace(/\/preview$/, "");
    viewer.showModal();
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-pick], [data-picture]");
    if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (target.dataset.pick) openFinder(target); else openPicture(target);
  });
  document.addEventListener("DOMContentLoaded", () => { showPlace(); see(); });
})();
