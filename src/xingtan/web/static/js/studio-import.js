// Watches an import and moves its bar; at the end the page is loaded once more, with the report.
const box = document.querySelector("[data-watch]");
const bar = box.querySelector("progress"), words = box.querySelector(".words .num"), title = box.querySelector("[data-title]");

async function look() {
  const answer = await fetch(box.dataset.watch, { headers: { Accept: "application/json" } }).catch(() => null);
  const told = answer?.ok ? await answer.json().catch(() => null) : null;
  if (told?.is_over) return location.reload();
  if (told?.total) {
    bar.max = told.total;
    bar.value = told.done;
    words.textContent = words.textContent.replace(/\d+(\D+)\d+/, `${told.done}$1${told.total}`);
    title.textContent = told.title;
  }
  setTimeout(look, 700);
}
setTimeout(look, 300);
