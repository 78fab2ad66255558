// Tells the academy that a page was seen, if this browser said yes: a page kept for strangers is not counted otherwise.
const page = document.querySelector("[data-seen]");
const refuses = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";

function tell() {
  if (!page || refuses || !/(?:^|; )xt_consent=analytics(?:;|$)/.test(document.cookie)) return;
  const body = new URLSearchParams(page.dataset.seen);
  fetch(page.dataset.seenTo, { method: "POST", body, keepalive: true }).catch(() => null);
}

tell();
document.addEventListener("consent", tell);
