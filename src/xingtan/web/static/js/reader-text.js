// A lesson's text as one line of characters, and the way between characters and the page.
// Must flatten as rules/anchors.py does: NFC, every run of white space is one space, trimmed.

const SPACE = /\s/;

/** Every text node below `root` with the place of its characters in the flattened text. */
export function flatten(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const places = []; // [node, offset] of each character of `text`
  let text = "", pending = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (let i = 0; i < node.data.length; i++) {
      const c = node.data[i];
      if (SPACE.test(c)) { pending = text.length > 0; continue; }
      if (pending) { text += " "; places.push([node, i]); pending = false; }
      text += c; places.push([node, i]);
    }
  }
  return { text, places };
}

/** The range of the page that shows the characters from `start` until `end`. */
export function rangeOf({ places }, start, end) {
  if (!places[start] || !places[end - 1]) return null;
  const range = document.createRange();
  range.setStart(places[start][0], places[start][1]);
  range.setEnd(places[end - 1][0], places[end - 1][1] + 1);
  return range;
}

/** The flattened character at which `range` begins, or -1 outside the text. */
export function startOf({ places }, range) {
  return places.findIndex(([node, offset]) => range.comparePoint(node, offset) >= 0);
}

/** Wraps every piece of text in `range` in a <mark>; returns the marks. */
export function mark(range, attributes) {
  const inside = [];
  const top = range.commonAncestorContainer;
  const walker = document.createTreeWalker(top.nodeType === Node.TEXT_NODE ? top.parentNode : top, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (range.intersectsNode(node) && node.data.trim() && !node.parentElement.closest("math")) inside.push(node);
  }
  return inside.map((node) => {
    const piece = document.createRange();
    piece.selectNodeContents(node);
    if (node === range.startContainer) piece.setStart(node, range.startOffset);
    if (node === range.endContainer) piece.setEnd(node, range.endOffset);
    if (piece.collapsed) return null;
    const element = document.createElement("mark");
    element.className = "mine";
    Object.assign(element.dataset, attributes);
    piece.surroundContents(element);
    return element;
  }).filter(Boolean);
}
