// The lesson editor, made quicker: saves by itself, shows what readers will see, takes pictures from the clipboard.
// Every button also works without this file.
const form = document.querySelector("#lesson");
const body = form.querySelector("[data-body]");
const title = form.querySelector("[name=title]");
const version = form.querySelector("[name=version]");
const status = form.querySelector("[data-status]");
const panes = form.querySelector("[data-panes]");
const say = (name, words = {}) => Object.entries(words).reduce((text, [key, value]) => text.replace(`%(${key})s`, value), form.dataset[name]);
const headers = { Accept: "application/json", "X-CSRF-Token": form.querySelector("[name=csrf_token]").value };

// --- what changed, and saving -----------------------------------------------------------------------------------
let changes = 0, saved = 0, saving = null, hasClashed = false, isLeaving = false;
const isDirty = () => changes !== saved;

function tell(text, isBad = false) {
  status.textContent = text;
  status.classList.toggle("is-bad", isBad);
}

form.addEventListener("input", () => {
  changes += 1;
  if (!hasClashed) tell(say("sayChanged"));
});

async function save() {
  if (saving) return saving;
  saving = send().finally(() => { saving = null; });
  return saving;
}

async function send() {
  const sent = changes;
  const data = new FormData(form);
  data.delete("media"); data.delete("picture"); data.set("act", "save");
  tell(say("saySaving"));
  const answer = await fetch(form.action, { method: "POST", body: data, headers }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (!answer || !told) return tell(say("sayOffline"), true);
  if (answer.ok) {
    version.value = told.version;
    saved = sent;
    hasClashed = false;
    form.querySelectorAll("[data-clash]").forEach((place) => { place.hidden = true; });
    return tell(isDirty() ? say("sayChanged") : say("saySaved", { time: told.at }));
  }
  if (answer.status === 409 && told.version) {
    hasClashed = true;
    version.value = told.version;
    const place = form.querySelector("[data-clash]");
    place.className = "notice is-warn";
    place.setAttribute("role", "alert");
    place.textContent = told.errors[""] ?? told.title;
    place.hidden = false;
    return tell(say("sayChanged"), true);
  }
  return tell(say("sayWrong", { what: Object.values(told.errors ?? {})[0] ?? told.title }), true);
}

setInterval(() => { if (isDirty() && !hasClashed && !document.hidden) save(); }, Number(form.dataset.autosave) * 1000);
document.addEventListener("visibilitychange", () => { if (document.hidden && isDirty() && !hasClashed) save(); });
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "s") {
    event.preventDefault();
    save();
  }
});
addEventListener("beforeunload", (event) => { if (isDirty() && !isLeaving) event.preventDefault(); });

// --- the preview ------------------------------------------------------------------------------------------------
const pane = form.querySelector("[data-preview-pane]");
let waiting = 0, asked = 0;

async function look() {
  if (!panes.classList.contains("is-previewing")) return;
  const turn = ++asked;
  const data = new URLSearchParams({ markdown: body.value, product: form.dataset.product });
  const answer = await fetch(form.dataset.preview, { method: "POST", body: data, headers }).catch(() => null);
  const told = answer?.ok ? await answer.json().catch(() => null) : null;
  if (told && turn === asked) pane.innerHTML = told.html;
  form.querySelector("[data-preview-title]").textContent = title.value;
}

function lookSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(look, 400);
}
body.addEventListener("input", lookSoon);
title.addEventListener("input", lookSoon);

const toggle = form.querySelector("[data-toggle-preview]");
function show(isOpen) {
  panes.classList.toggle("is-previewing", isOpen);
  toggle.setAttribute("aria-pressed", String(isOpen));
  try { localStorage.preview = isOpen ? "1" : ""; } catch { /* a browser that keeps nothing */ }
  if (isOpen) look();
}
toggle.addEventListener("click", (event) => {
  event.preventDefault();
  show(!panes.classList.contains("is-previewing"));
  if (panes.classList.contains("is-previewing") && innerWidth < 1200) form.querySelector(".preview-side").scrollIntoView({ block: "start" });
});
let keptOpen = false;
try { keptOpen = localStorage.preview === "1"; } catch { /* as above */ }
show(panes.classList.contains("is-previewing") || (keptOpen && innerWidth >= 1200));

// --- the size of the page ---------------------------------------------------------------------------------------
if (!CSS.supports("field-sizing", "content")) {
  const grow = (area) => { area.style.height = "auto"; area.style.height = `${area.scrollHeight}px`; };
  form.querySelectorAll("textarea").forEach(grow);
  form.addEventListener("input", (event) => { if (event.target.matches("textarea")) grow(event.target); });
}
title.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  body.focus();
  body.setSelectionRange(0, 0);
});

// --- files ------------------------------------------------------------------------------------------------------
const note = form.querySelector("[data-upload]");

function upload(file, heard) {
  const limit = Number(form.dataset.limitMb);
  if (file.size > limit * 1e6) return Promise.reject(new Error(say("sayLarge", { limit })));
  return new Promise((done, failed) => {
    const data = new FormData();
    data.set("file", file, file.name || "image.png");
    const request = new XMLHttpRequest();
    request.open("POST", `${form.dataset.assets}?product=${encodeURIComponent(form.dataset.product)}`);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => heard(event.loaded / event.total));
    request.addEventListener("error", () => failed(new Error(say("sayOffline"))));
    request.addEventListener("load", () => {
      let told = {};
      try { told = JSON.parse(request.responseText); } catch { /* said below */ }
      if (request.status === 201) done(told);
      else failed(new Error(Object.values(told.errors ?? {})[0] ?? told.title ?? String(request.status)));
    });
    request.send(data);
  });
}

async function putIn(files) {
  for (const file of files) {
    const name = file.name || "image";
    const holder = `![${name.replace(/[[\]\\]/g, " ")} …](uploading-${++changes})`;
    const before = body.selectionStart > 0 && body.value[body.selectionStart - 1] !== "\n" ? "\n\n" : "";
    body.setRangeText(`${before}${holder}\n`, body.selectionStart, body.selectionEnd, "end");
    note.className = "small upload-note";
    const place = (text) => {
      const at = body.value.indexOf(holder);
      if (at >= 0) body.setRangeText(text, at, at + holder.length, "preserve");
      body.dispatchEvent(new Event("input", { bubbles: true }));
    };
    try {
      const told = await upload(file, (part) => { note.textContent = say("sayUploading", { name, percent: `${Math.round(part * 100)}%` }); });
      place(told.markdown);
      note.textContent = "";
    } catch (error) {
      place("");
      note.classList.add("is-bad");
      note.textContent = say("sayFailed", { name, why: error.message });
    }
  }
}

const pictures = (list) => [...(list ?? [])].filter((file) => file.type.startsWith("image/"));
body.addEventListener("paste", (event) => {
  const files = pictures(event.clipboardData?.files);
  if (!files.length) return;
  event.preventDefault();
  putIn(files);
});
body.addEventListener("dragover", (event) => {
  if (![...event.dataTransfer.items].some((item) => item.kind === "file")) return;
  event.preventDefault();
  body.classList.add("is-dropping");
});
body.addEventListener("dragleave", () => body.classList.remove("is-dropping"));
body.addEventListener("drop", (event) => {
  body.classList.remove("is-dropping");
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  putIn([...event.dataTransfer.files]);
});

const medium = form.querySelector("[data-media]");
medium?.addEventListener("change", async () => {
  const [file] = medium.files;
  if (!file) return;
  const box = form.querySelector("[data-media-progress]"), bar = box.querySelector("progress"), words = box.querySelector("[role=status]");
  box.hidden = false;
  words.classList.remove("error");
  try {
    const told = await upload(file, (part) => {
      bar.value = part * 100;
      words.textContent = say("sayUploading", { name: file.name, percent: `${Math.round(part * 100)}%` });
    });
    form.querySelector("[name=media_id]").value = told.id;
    medium.value = "";
    bar.value = 100;
    words.textContent = told.name;
    showMedium(told);
    changes += 1;
    save();
  } catch (error) {
    words.classList.add("error");
    words.textContent = say("sayFailed", { name: file.name, why: error.message });
    medium.value = "";
  }
});

function showMedium(told) {
  const link = document.createElement("a");
  link.href = told.url;
  link.textContent = told.name;
  const [kind] = told.media_type.split("/");
  const parts = [link];
  if (kind === "audio" || kind === "video") {
    const player = document.createElement(kind);
    player.controls = true;
    player.src = told.url;
    parts.unshift(player);
  }
  form.querySelector("[data-medium-now]").replaceChildren(...parts);
}

// --- rows of the quiz: the server moves them, and only the questions are shown anew ------------------------------------
form.addEventListener("click", async (event) => {
  const button = event.target.closest("#questions button[name=act]");
  if (!button) return;
  event.preventDefault();
  const data = new FormData(form);
  data.delete("media"); data.delete("picture"); data.set("act", button.value);
  const before = new Set([...form.querySelectorAll("#questions [name]")].map((one) => one.name));
  const answer = await fetch(form.action, { method: "POST", body: data, headers: { ...headers, Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return tell(say("sayOffline"), true);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#questions");
  form.querySelector("#questions").replaceWith(fresh);
  changes += 1;
  tell(say("sayChanged"));
  const added = [...fresh.querySelectorAll("textarea.asking, .choice-row > .input:not(.because)")].find((one) => !before.has(one.name));
  const same = fresh.querySelector(`button[value="${CSS.escape(button.value)}"]:not(:disabled)`);
  (added ?? same ?? fresh.querySelector("button[value=add-question]")).focus();
});

form.addEventListener("submit", () => { isLeaving = true; });
