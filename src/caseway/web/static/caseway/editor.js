/* A small editor for formatted text: bold, italic, code, link, lists, quote, pictures. The textarea that it stands in
   for stays in the form and holds the words; the hidden field beside it the HTML. The server cleans again what comes. */
"use strict";
(() => {
  const { one, all } = caseway;
  const { LINK, lines, written, inserted, words, escaped, paragraphs } = caseway.writing;

  function make(textarea) {
    const form = textarea.form, place = textarea.closest("[data-written], form");
    const hidden = one('input[name="html"]', place), toolbar = one(".toolbar", place);
    const source = one("template[data-html]", textarea.parentElement);
    const box = document.createElement("div");
    const label = textarea.labels?.[0]?.textContent.trim() || textarea.dataset.label || "";
    box.id = textarea.id;
    textarea.id += "-plain";
    box.className = textarea.classList.contains("input") ? "editor editor--field rich input" : "editor rich";
    for (const [name, value] of Object.entries({ contenteditable: "true", role: "textbox", "aria-multiline": "true", "aria-label": label, dir: "auto", spellcheck: "true" })) box.setAttribute(name, value);
    box.dataset.placeholder = textarea.placeholder;
    textarea.hidden = true;
    textarea.after(box);

    const isEmpty = () => !words(box) && !one("img", box);
    function sync() {
      const text = words(box), empty = !text && !one("img", box);
      box.classList.toggle("is-empty", empty);
      textarea.value = text;
      if (hidden) hidden.value = empty ? "" : written(box);
    }
    function changed() { sync(); textarea.dispatchEvent(new Event("input", { bubbles: true })); }
    function set(html, text = "") { box.innerHTML = lines(html || paragraphs(text)); sync(); }
    function focus() {
      box.focus();
      const range = document.createRange();
      range.selectNodeContents(box);
      range.collapse(false);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
    function insert(html) {
      if (!box.contains(getSelection().anchorNode)) focus();
      document.execCommand("insertHTML", false, inserted(html));
      changed();
    }
    /* the line under the cursor, when it holds nothing */
    function isOnEmptyLine() {
      const selection = getSelection();
      if (!selection.isCollapsed || !box.contains(selection.anchorNode)) return false;
      const range = selection.getRangeAt(0).cloneRange(), node = selection.anchorNode;
      let block = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
      while (block !== box && getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
      range.setStart(block, 0);
      const before = range.toString();
      if (before.slice(before.lastIndexOf("\n") + 1).trim()) return false;
      return !block.textContent.trim() || Boolean(one("br", block));
    }

    /* ── formats ── */
    const isIn = (tag) => {
      let node = getSelection().anchorNode;
      for (; node && node !== box; node = node.parentNode) if (node.nodeName === tag) return node;
      return null;
    };
    function code() {
      const found = isIn("CODE");
      if (found) { found.replaceWith(...found.childNodes); changed(); return; }
      const text = getSelection().toString();
      document.execCommand("insertHTML", false, text.includes("\n") ? `<pre><code>${escaped(text)}</code></pre><div><br></div>` : `<code>${escaped(text || "​")}</code>`);
    }
    function quote() {
      if (isIn("BLOCKQUOTE")) document.execCommand("outdent"); else document.execCommand("formatBlock", false, "blockquote");
    }
    let kept = null;
    function askLink() {
      const field = toolbar && one("[data-link-address]", toolbar);
      if (!field) return;
      if (isIn("A")) { getSelection().selectAllChildren(isIn("A")); document.execCommand("unlink"); changed(); return; }
      kept = getSelection().rangeCount && box.contains(getSelection().anchorNode) ? getSelection().getRangeAt(0).cloneRange() : null;
      toolbar.setAttribute("data-open", "");
      field.hidden = false;
      field.value = /^https?:\S+$/.test(getSelection().toString().trim()) ? getSelection().toString().trim() : "";
      field.focus();
    }
    function link(address) {
      const field = one("[data-link-address]", toolbar);
      field.hidden = true;
      box.focus();
      if (kept) { getSelection().removeAllRanges(); getSelection().addRange(kept); }
      if (!address) return;
      const whole = LINK.test(address) ? address : address.includes("@") ? `mailto:${address}` : `https://${address}`;
      if (getSelection().isCollapsed) document.execCommand("insertHTML", false, `<a href="${escaped(whole).replaceAll('"', "&quot;")}">${escaped(address)}</a>`);
      else document.execCommand("createLink", false, whole);
      changed();
    }
    /* Chromium writes lines anew where it makes a list of them, and goes to the beginning: this leads back */
    function marked() {
      const { anchorNode, anchorOffset, focusNode, focusOffset } = getSelection();
      if (anchorNode?.nodeType !== Node.TEXT_NODE || focusNode?.nodeType !== Node.TEXT_NODE) return null;
      const place = (node, offset) => {
        const before = document.createRange();
        before.selectNodeContents(box);
        before.setEnd(node, offset);
        return [before.toString().length, offset === 0];
      };
      const found = (left, isBeginning) => {
        const texts = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
          const length = texts.currentNode.length;
          if (left < length || (left === length && !isBeginning)) return [texts.currentNode, left];
          left -= length;
        }
        return null;
      };
      const from = place(anchorNode, anchorOffset), to = place(focusNode, focusOffset);
      return () => {
        const begin = found(...from), end = found(...to);
        if (begin && end) getSelection().setBaseAndExtent(...begin, ...end);
      };
    }
    function format(name) {
      if (name === "link") { askLink(); return; }
      box.focus();
      const back = name.startsWith("insert") ? marked() : null;
      if (name === "code") code(); else if (name === "quote") quote(); else document.execCommand(name);
      back?.();
      changed();
      showState();
    }
    function showState() {
      if (!toolbar || !box.contains(getSelection().anchorNode)) return;
      for (const button of all("[aria-pressed]", toolbar)) {
        const name = button.dataset.format;
        const on = name === "code" ? isIn("CODE") : name === "quote" ? isIn("BLOCKQUOTE") : document.queryCommandState(name);
        button.setAttribute("aria-pressed", Boolean(on));
      }
    }
    toolbar?.addEventListener("mousedown", (event) => { if (event.target.closest("[data-format]")) event.preventDefault(); }); // the selection stays
    toolbar?.addEventListener("click", (event) => { const button = event.target.closest("[data-format]"); if (button) format(button.dataset.format); });
    toolbar?.addEventListener("keydown", (event) => {
      if (!event.target.matches("[data-link-address]")) return;
      if (event.key === "Enter") { event.preventDefault(); link(event.target.value.trim()); }
      if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); link(""); }
    });
    document.addEventListener("selectionchange", showState);
    const KEYS = { e: "code", E: "code" }, SHIFTED = { Digit7: "insertOrderedList", Digit8: "insertUnorderedList", Digit9: "quote", KeyK: "link" };
    box.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const name = event.shiftKey ? SHIFTED[event.code] : KEYS[event.key];
      if (name) { event.preventDefault(); event.stopPropagation(); format(name); }
    });

    box.addEventListener("input", (event) => { event.stopPropagation(); changed(); });
    box.addEventListener("focus", () => { document.execCommand("defaultParagraphSeparator", false, "div"); document.execCommand("styleWithCSS", false, false); });
    box.addEventListener("paste", (event) => {
      const data = event.clipboardData;
      if (!data || data.files.length) return; // files are taken by uploads.js
      const html = data.getData("text/html");
      event.preventDefault();
      if (html) document.execCommand("insertHTML", false, inserted(html));
      else document.execCommand("insertText", false, data.getData("text/plain"));
      changed();
    });
    set(source?.innerHTML ?? "", textarea.value);
    const editor = { box, textarea, form, set, focus, insert, isEmpty, isOnEmptyLine, sync, html: () => written(box) };
    box.editor = editor;
    return editor;
  }

  caseway.editors = all("textarea[data-editor]").map(make);
})();
