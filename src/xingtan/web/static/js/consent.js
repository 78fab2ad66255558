// Asks once whether views may be counted. A browser that says no by itself (GPC, DNT) is not asked.
const form = document.getElementById("consent");
const answered = /(?:^|; )xt_consent=/.test(document.cookie);
const refuses = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";

if (form && !answered && !refuses) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.dataset.plain) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") {
      form.hidden = true;
      document.dispatchEvent(new Event("consent"));
    } else { // let the browser send it and show what is wrong
      form.dataset.plain = "1";
      form.requestSubmit(event.submitter);
    }
  });
}
