// A product's page, made quicker: the cover is shown before it is saved, the description is previewed as it is written,
// and moving lessons does not lose what was typed. Every button also works without this file.
const form = document.querySelector("#about");
const status = form.querySelector("[data-status]");
const headers = { Accept: "application/json", "X-CSRF-Token": form.querySelector("[name=csrf_token]").value };
let isDirty = false, isLeaving = false;

const cover = document.querySelector("#f-cover");
document.addEventListener("input", (event) => { if (event.target.form === form) isDirty = true; });
form.addEventListener("submit", () => { isLeaving = true; });
addEventListener("beforeunload", (event) => { if (isDirty && !isLeaving) event.preventDefault(); });
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "s") {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[value=save]"));
  }
});

cover?.addEventListener("change", () => {
  const [file] = cover.files;
  if (!file?.type.startsWith("image/")) return;
  const picture = document.createElement("img");
  picture.className = "cover";
  picture.alt = "";
  picture.src = URL.createObjectURL(file);
  document.querySelector("[data-cover]").replaceChildren(picture);
});

const body = form.querySelector("[data-body]"), fold = form.querySelector("#preview"), pane = form.querySelector("[data-preview-pane]");
let waiting = 0;
async function look() {
  if (!fold.open) return;
  const data = new URLSearchParams({ markdown: body.value, product: form.dataset.product });
  const answer = await fetch(form.dataset.preview, { method: "POST", body: data, headers }).catch(() => null);
  const told = answer?.ok ? await answer.json().catch(() => null) : null;
  if (told) pane.innerHTML = told.html;
}
body.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(look, 400); });
fold.addEventListener("toggle", look);
form.querySelector("button[value=preview]").addEventListener("click", (event) => {
  event.preventDefault();
  fold.open = true;
});

// Contents: the server does what the button says; only the contents are shown anew.
document.addEventListener("submit", async (event) => {
  const small = event.target;
  if (!small.closest("#contents") || small.classList.contains("add")) { if (small.classList.contains("add") || small !== form) isLeaving = !isDirty; return; }
  event.preventDefault();
  const pressed = event.submitter?.querySelector(".visually-hidden")?.textContent;
  const answer = await fetch(small.action, { method: "POST", body: new FormData(small), headers: { ...headers, Accept: "text/html" } }).catch(() => null);
  const fresh = answer && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#contents");
  if (!fresh) { isLeaving = !isDirty; small.submit(); return; }
  document.querySelector("#contents").replaceWith(fresh);
  const again = [...fresh.querySelectorAll("button:not(:disabled)")].find((one) => pressed && one.textContent.trim() === pressed.trim());
  again?.focus();
});
if (status && location.search.includes("said=")) history.replaceState(null, "", location.pathname);
