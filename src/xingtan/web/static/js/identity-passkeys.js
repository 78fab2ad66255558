// Passkeys: the two buttons that talk to the browser's authenticator. Without this module both stay hidden.
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function post(path, token, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(body ?? {}),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(Object.values(answer.errors ?? {})[0] ?? answer.title);
  return answer;
}

function creation(options) {
  return {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map((one) => ({ ...one, id: toBytes(one.id) })),
  };
}

function request(options) {
  return {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: (options.allowCredentials ?? []).map((one) => ({ ...one, id: toBytes(one.id) })),
  };
}

function answered(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response };
}

function prepare(place, act) {
  const button = place.querySelector("button");
  const error = place.querySelector(".error");
  place.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    error.hidden = true;
    try {
      location.assign((await act(button)).next);
    } catch (reason) {
      // The person closed the browser's dialogue: nothing to explain.
      if (reason.name !== "NotAllowedError" && reason.name !== "AbortError") {
        error.querySelector("span").textContent = reason.message;
        error.hidden = false;
      }
    } finally {
      button.disabled = false;
    }
  });
}

if (window.PublicKeyCredential) {
  for (const place of document.querySelectorAll("[data-passkey-sign-in]")) {
    prepare(place, async (button) => {
      const { path, token, next } = button.dataset;
      const made = await post(`${path}/options`, token);
      const credential = await navigator.credentials.get({ publicKey: request(made.options) });
      return post(path, token, { challenge_id: made.challenge_id, response: answered(credential), next });
    });
  }
  for (const place of document.querySelectorAll("[data-passkey-add]")) {
    prepare(place, async (button) => {
      const { path, token } = button.dataset;
      const label = place.querySelector("input").value;
      const made = await post(`${path}/options`, token);
      const credential = await navigator.credentials.create({ publicKey: creation(made.options) });
      return post(path, token, { challenge_id: made.challenge_id, response: answered(credential), label });
    });
  }
}
