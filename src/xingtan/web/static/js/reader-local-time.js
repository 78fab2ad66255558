// Says an instant in the reader's own time zone beside the academy's.
for (const time of document.querySelectorAll("time[data-local]")) {
  const at = new Date(time.dateTime);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const local = document.createElement("span");
  local.className = "local";
  local.textContent = `${new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full", timeStyle: "short" }).format(at)} (${zone})`;
  time.append(local);
}
