// Where the reader is, told while she reads and as she leaves; and the way back to it, on any width of screen.

const EVERY_MS = 12_000;
const SETTLE_MS = 900;

export function follow(article) {
  const player = article.querySelector("audio, video");
  const text = article.querySelector("[data-text]");
  const known = article.dataset.position ? JSON.parse(article.dataset.position) : null;
  const place = player ? recording(player) : text ? reading(text) : null;
  if (known && place && !location.hash && !new URLSearchParams(location.search).has("attempt")) place.goTo(known);
  if (article.dataset.progress) report(article, place);
}

function report(article, place) {
  let last = "", furthest = 0;
  const send = (leaving) => {
    const position = place ? place.now() : {};
    furthest = Math.max(furthest, place ? place.fraction() : 0);
    const said = JSON.stringify([position, furthest]);
    if (said === last) return;
    last = said;
    fetch(article.dataset.progress, {
      method: "POST",
      keepalive: leaving,
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": article.dataset.csrf },
      body: JSON.stringify({ lesson: article.dataset.lesson, version: article.dataset.version, position, fraction: furthest, at: new Date().toISOString() }),
    }).catch(() => { last = ""; });
  };
  setTimeout(() => send(false), SETTLE_MS);
  setInterval(() => { if (document.visibilityState === "visible") send(false); }, EVERY_MS);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") send(true); });
  addEventListener("pagehide", () => send(true));
  place?.whenPaused?.(() => send(false));
}

function reading(text) {
  const blocks = () => [...text.children];
  const line = () => Math.min(innerHeight * 0.25, 200); // the line that the eye is on when it comes back
  const here = () => {
    const all = blocks();
    const block = Math.max(0, all.findLastIndex((one) => one.getBoundingClientRect().top <= line()));
    const box = all[block]?.getBoundingClientRect();
    const within = box?.height ? Math.min(1, Math.max(0, (line() - box.top) / box.height)) : 0;
    return { all, block, within };
  };
  const scroll = () => {
    const box = text.getBoundingClientRect();
    return Math.min(1, Math.max(0, (line() - box.top) / (box.height || 1)));
  };
  const round = (number) => Math.round(number * 1e4) / 1e4;
  return {
    now() {
      const { all, block, within } = here();
      const anchor = all.slice(0, block + 1).findLast((one) => one.id)?.id;
      return { block, within: round(within), scroll: round(scroll()), ...(anchor ? { anchor } : {}) };
    },
    fraction() {
      const box = text.getBoundingClientRect();
      return round(Math.min(1, Math.max(0, (innerHeight - box.top) / (box.height || 1))));
    },
    goTo(known) {
      if (!((known.scroll ?? 0) > 0.02) || text.offsetHeight < innerHeight) return;
      history.scrollRestoration = "manual";
      const go = () => {
        const box = (blocks()[known.block] ?? text).getBoundingClientRect();
        const part = blocks()[known.block] ? known.within ?? 0 : known.scroll;
        scrollTo({ top: scrollY + box.top + box.height * part - line(), behavior: "instant" });
      };
      go();
      const settled = new ResizeObserver(go); // pictures and fonts arrive and move the text
      settled.observe(text);
      for (const moved of ["wheel", "touchstart", "keydown", "pointerdown"]) addEventListener(moved, () => settled.disconnect(), { once: true, passive: true });
      setTimeout(() => settled.disconnect(), 4000);
    },
  };
}

function recording(player) {
  const rate = Number(localStorage.getItem("xt-rate"));
  if (rate >= 0.5 && rate <= 3) player.defaultPlaybackRate = player.playbackRate = rate;
  player.addEventListener("ratechange", () => localStorage.setItem("xt-rate", String(player.playbackRate)));
  let wanted = 0, furthest = 0;
  player.addEventListener("timeupdate", () => { furthest = Math.max(furthest, player.currentTime); });
  return {
    now: () => ({ seconds: Math.round(10 * (player.currentTime || wanted)) / 10 }),
    fraction: () => (player.duration > 0 ? Math.min(1, furthest / player.duration) : 0),
    whenPaused: (then) => { player.addEventListener("pause", then); player.addEventListener("ended", then); },
    goTo(known) {
      wanted = known.seconds ?? 0;
      if (!(wanted > 3)) return;
      const go = () => { player.currentTime = wanted >= player.duration - 3 ? 0 : wanted; };
      if (player.readyState > 0) go();
      else { player.addEventListener("loadedmetadata", go, { once: true }); player.preload = "metadata"; }
    },
  };
}
