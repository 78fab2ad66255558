// A reader's own marks: shown where they were made, made by selecting words.
import { flatten, mark, rangeOf, startOf } from "./reader-text.js";

export function notes(article) {
  const text = article.querySelector("[data-text]"), list = document.querySelector("[data-notes]");
  const form = document.querySelector("[data-note-form]"), bar = document.querySelector("[data-mark-bar]");
  if (!text || !list || !form) return;
  for (const note of list.querySelectorAll("[data-start]")) show(text, note);
  if (bar) select({ text, list, form, bar, article });
}

function show(text, note) {
  const range = rangeOf(flatten(text), Number(note.dataset.start), Number(note.dataset.end));
  if (!range) return;
  const marks = mark(range, { of: note.id, ...(note.querySelector("p.as-written") ? { note: "" } : {}) });
  for (const one of marks) one.addEventListener("click", () => near(note));
  note.addEventListener("click", (event) => {
    if (event.target.closest("a, button")) return;
    near(note);
    marks[0]?.scrollIntoView({ block: "center", behavior: "smooth" });
  });
}

function near(note) {
  for (const other of document.querySelectorAll(".my-note.is-near")) other.classList.remove("is-near");
  note.classList.add("is-near");
  note.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function select({ text, list, form, bar, article }) {
  const chosen = () => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    return text.contains(range.commonAncestorContainer) && selection.toString().trim() ? range : null;
  };
  const place = () => {
    const range = chosen();
    bar.hidden = !range;
    if (!range || matchMedia("(pointer: coarse)").matches) return;
    const box = range.getBoundingClientRect();
    bar.style.setProperty("left", `${Math.max(8, Math.min(innerWidth - bar.offsetWidth - 8, box.left + box.width / 2 - bar.offsetWidth / 2))}px`);
    bar.style.setProperty("top", `${scrollY + box.top - bar.offsetHeight - 8}px`);
  };
  document.addEventListener("selectionchange", place);
  bar.addEventListener("pointerdown", (event) => event.preventDefault()); // keep the selection
  bar.addEventListener("click", async (event) => {
    const kind = event.target.closest("[data-mark]")?.dataset.mark, range = chosen();
    if (!kind || !range) return;
    const flat = flatten(text);
    const quote = flatten(range.cloneContents()).text, near_ = Math.max(0, startOf(flat, range));
    if (kind === "note") return write(form, { quote, near: near_, bar });
    bar.hidden = true;
    await keep({ article, form, text, list, quote, near: near_ });
  });
}

function write(form, { quote, near: at, bar }) {
  form.elements.quote.value = quote;
  form.elements.near.value = String(at);
  form.closest("details").open = true;
  bar.hidden = true;
  form.elements.text.focus();
}

async function keep({ article, form, text, list, quote, near: at }) {
  const body = new URLSearchParams({ csrf_token: article.dataset.csrf, version: article.dataset.version, kind: "highlight", quote, near: String(at) });
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json", "X-CSRF-Token": article.dataset.csrf } }).catch(() => null);
  const said = document.querySelector("[data-said]");
  if (!answer?.ok) { if (said && answer) said.textContent = (await answer.json()).title; return; }
  const kept = await answer.json();
  document.querySelector("[data-no-notes]")?.remove();
  const note = document.createElement("div");
  note.className = "my-note";
  note.id = kept.id;
  const words = document.createElement("blockquote");
  words.textContent = kept.quote;
  note.append(words);
  if (kept.anchor) { note.dataset.start = String(kept.anchor.start); note.dataset.end = String(kept.anchor.end); }
  list.append(note);
  if (kept.anchor) show(text, note);
  getSelection().removeAllRanges();
  if (said) said.textContent = kept.quote;
}
