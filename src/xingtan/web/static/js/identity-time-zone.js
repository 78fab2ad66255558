// The set-up page proposes the browser's own time zone, unless one has been chosen by a form that came back.
const list = document.querySelector("[data-time-zone]");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (list && own !== "UTC" && !document.querySelector("[aria-invalid]") && [...list.options].some((option) => option.value === own)) {
  list.value = own;
}
