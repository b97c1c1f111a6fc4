"use strict";
// Updates the page in place every five seconds, so that readers keep their place in it.
(() => {
  const interval = 5000;
  const find = (id) => document.getElementById(id);
  const [gone, pause, news] = [find("gone"), find("pause"), find("news")];
  let answered = new Date();
  let timer = 0;
  let isPaused = false;

  async function ask() {
    const answer = await fetch(location.href, {
      headers: { Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(interval)
    });
    if (!answer.ok) throw new Error("status " + answer.status);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  // Keeps what was opened, scrolled or focused.
  function replace(part, next) {
    const opened = Array.from(part.querySelectorAll("details[open]"), (element) => element.id);
    const places = Array.from(part.querySelectorAll(".wide"), (element) => [element.id, element.scrollLeft]);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.replaceChildren(...next.childNodes);
    for (const id of opened) { const element = find(id); if (element) element.open = true; }
    for (const [id, left] of places) { const element = find(id); if (element) element.scrollLeft = left; }
    if (focused) find(focused)?.focus({ preventScroll: true });
  }

  function show(next) {
    // A newer program may have a different page.
    if (next.documentElement.dataset.version !== document.documentElement.dataset.version) return location.reload();
    if (next.title !== document.title) {
      document.title = next.title;
      news.textContent = next.title;
    }
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = next.getElementById(part.id);
      if (other) replace(part, other);
    }
  }

  async function renew() {
    clearTimeout(timer);
    if (isPaused || document.hidden) return;
    try {
      show(await ask());
      answered = new Date();
      gone.hidden = true;
    } catch {
      const sentence = "The daemon has not answered since " + answered.toLocaleString()
        + ": this page shows how it was then. Is it running? 'systemctl status " + document.documentElement.dataset.unit
        + "' says so.";
      // Announced every five seconds, it would drown out everything else in a screen reader.
      if (gone.hidden || gone.textContent !== sentence) gone.textContent = sentence;
      gone.hidden = false;
    }
    clearTimeout(timer);
    timer = setTimeout(renew, interval);
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    renew();
  });
  document.addEventListener("visibilitychange", renew);
  timer = setTimeout(renew, interval);
})();
