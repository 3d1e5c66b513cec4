/* What is written in an editor, between the three shapes that it has: text from elsewhere, the editor's lines, and the HTML
   that is kept and sent. */
"use strict";
(() => {
  const { one } = caseway;
  const KEPT = new Set(["P", "DIV", "BR", "B", "STRONG", "I", "EM", "U", "S", "UL", "OL", "LI", "BLOCKQUOTE", "A", "CODE", "PRE", "IMG"]);
  const DROPPED = new Set(["SCRIPT", "STYLE", "TITLE", "META", "LINK", "HEAD", "TEMPLATE", "IFRAME", "OBJECT", "SVG", "MATH", "FORM", "INPUT", "BUTTON", "TEXTAREA", "SELECT"]);
  const BLOCKS = new Set(["H1", "H2", "H3", "H4", "H5", "H6"]);
  const LINK = /^(?:https?:|mailto:|tel:)/i;
  const PICTURE = /^\/drafts\/files\/\d+$/;

  /* what came from elsewhere, cut down to what the editor itself makes */
  function cleaned(html) {
    const source = new DOMParser().parseFromString(html, "text/html").body;
    const walk = (node, into) => {
      for (const child of node.childNodes) {
        if (child.nodeType === Node.TEXT_NODE) { into.append(child.data); continue; }
        if (child.nodeType !== Node.ELEMENT_NODE || DROPPED.has(child.tagName.toUpperCase())) continue;
        const name = child.tagName.toUpperCase();
        if (name === "IMG" && !PICTURE.test(child.getAttribute("src") ?? "")) continue;
        let target = into;
        if (BLOCKS.has(name)) { const line = document.createElement("p"); target = document.createElement("b"); line.append(target); into.append(line); }
        else if (KEPT.has(name)) {
          target = document.createElement(name.toLowerCase());
          const href = child.getAttribute("href");
          if (name === "A" && href && LINK.test(href.trim())) target.setAttribute("href", href.trim());
          if (name === "IMG") { target.setAttribute("src", child.getAttribute("src")); target.setAttribute("alt", child.getAttribute("alt") ?? ""); }
          into.append(target);
        } else if (name === "TR" && into.textContent) into.append(document.createElement("br"));
        else if (name === "TD" && child.previousElementSibling) into.append(" ");
        walk(child, target);
      }
    };
    const result = document.createElement("div");
    walk(source, result);
    return result.innerHTML;
  }

  /* A line of the editor is a DIV: Enter begins the next one, and an empty one parts paragraphs, as in a plain text. In
     HTML a paragraph is a P, apart from the next by itself, and its lines end with BR. One becomes the other here. */
  const PARTS = new Set(["UL", "OL", "PRE", "BLOCKQUOTE"]);
  const isPart = (node) => PARTS.has(node.nodeName);
  const isLine = (node) => node.nodeName === "P" || node.nodeName === "DIV";
  const isInline = (node) => !isLine(node) && !isPart(node);
  const isBlank = (line) => !line.textContent.trim() && !one("img", line);
  const made = (name, ...content) => { const element = document.createElement(name); element.append(...content); return element; };

  /* the lines and parts of a container, in order; what stands in it without a line of its own is put into one */
  function* pieces(container) {
    let bare = null;
    for (const node of [...container.childNodes]) {
      if (isInline(node)) {
        if (node.nodeName === "BR") { yield bare ?? made("div"); bare = null; continue; }
        if (!bare && !node.textContent.trim() && node.nodeName !== "IMG" && !one("img", node)) continue;
        (bare ??= made("div")).append(node);
        continue;
      }
      if (bare) yield bare;
      bare = null;
      if (isLine(node) && [...node.childNodes].some((child) => !isInline(child))) yield* pieces(node); else yield node;
    }
    if (bare) yield bare;
  }

  /* HTML as the editor holds it */
  function lines(html) {
    const fill = (container) => {
      const found = [...pieces(container)];
      container.replaceChildren(...found.flatMap((piece, index) => {
        if (piece.nodeName === "BLOCKQUOTE") fill(piece);
        if (isPart(piece)) return [piece];
        const line = made("div", ...piece.childNodes);
        if (!line.childNodes.length) line.append(made("br"));
        return piece.nodeName === "P" && !isBlank(line) && found[index + 1]?.nodeName === "P" ? [line, made("div", made("br"))] : [line];
      }));
    };
    const root = made("div");
    root.innerHTML = cleaned(html);
    fill(root);
    return root.innerHTML;
  }

  /* the same for the place of the cursor: a single line goes into the line that is there */
  function inserted(html) {
    const root = made("div");
    root.innerHTML = lines(html);
    const only = root.children.length === 1 && root.firstElementChild.nodeName === "DIV";
    return only ? root.firstElementChild.innerHTML : root.innerHTML;
  }

  /* each line of a quote is one of its own while it is written */
  const joined = (found) => found.filter((piece, index) => {
    if (piece.nodeName !== "BLOCKQUOTE" || found[index - 1]?.nodeName !== "BLOCKQUOTE") return true;
    let first = index - 1;
    while (found[first - 1]?.nodeName === "BLOCKQUOTE") first -= 1;
    found[first].append(made("div", ...piece.childNodes));
    return false;
  });

  /* what the editor holds, as it is kept and sent */
  function written(box) {
    const fill = (container) => {
      const result = [];
      let paragraph = null, blanks = 0;
      for (const piece of joined([...pieces(container)])) {
        if (isLine(piece) && isBlank(piece)) { paragraph = null; blanks += 1; continue; }
        if (result.length) for (; blanks > 1; blanks -= 1) result.push(made("p", made("br")));
        blanks = 0;
        if (isPart(piece)) {
          if (piece.nodeName === "BLOCKQUOTE") fill(piece);
          result.push(piece);
          paragraph = null;
        } else if (paragraph) {
          if (paragraph.lastChild?.nodeName === "BR") paragraph.lastChild.remove();
          paragraph.append(made("br"), ...piece.childNodes);
        } else result.push(paragraph = made("p", ...piece.childNodes));
      }
      container.replaceChildren(...result);
    };
    const root = box.cloneNode(true);
    fill(root);
    return root.innerHTML.replaceAll("\u200b", ""); // what gave the cursor a place
  }

  /* the words alone, line by line */
  function words(box) {
    const inLine = (line) => {
      for (const end of line.querySelectorAll("br")) end.replaceWith("\n");
      return line.textContent.replaceAll("\u00a0", " ").replaceAll("\u200b", "").replace(/\n$/, "");
    };
    const told = (piece) => {
      if (piece.nodeName === "BLOCKQUOTE" || piece.nodeName === "LI") return [...pieces(piece)].flatMap(told);
      if (piece.nodeName === "UL" || piece.nodeName === "OL") return [...piece.children].flatMap(told);
      return [isLine(piece) && isBlank(piece) ? "" : inLine(piece)];
    };
    return [...pieces(box.cloneNode(true))].flatMap(told).join("\n").trim();
  }

  const escaped = (text) => { const holder = document.createElement("p"); holder.textContent = text; return holder.innerHTML; };
  const paragraphs = (text) => text.split(/\n{2,}/).filter((part) => part.trim()).map((part) => `<p>${escaped(part.replace(/^\n+|\n+$/g, "")).replaceAll("\n", "<br>")}</p>`).join("");

  caseway.writing = { LINK, lines, written, inserted, words, escaped, paragraphs };
})();
