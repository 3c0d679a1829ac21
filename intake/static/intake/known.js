// While one types, ask whether the family is registered already. What is typed is sent in the
// body, never in an address. Without this script the form asks when it is sent.
(() => {
  "use strict";
  const AFTER = 600; // ms after the last key
  const WATCHED = /(^|-)(name|father_name|grandfather_name|also_known_as|sex|birth|phones|document_number|origin_area)$/;
  const SENT_TOO = new Set(["id", "arrived_at", "focal_point"]);
  const places = () => [...document.querySelectorAll("[data-known-url]")];
  const seen = new Set(); // of this page: what was on the screen is not asked again
  let timer = 0;
  let asking = null;

  // Seen is what was really on the screen, not what stands below it.
  const see = (item) => {
    const input = item.querySelector("input[name=known-seen]");
    if (!input) return;
    seen.add(input.value);
    input.disabled = false;
  };
  const watcher =
    "IntersectionObserver" in window
      ? new IntersectionObserver((entries) => {
          for (const each of entries) if (each.isIntersecting) see(each.target);
        }, { threshold: 0.6 })
      : null;
  const watch = (place) => {
    for (const item of place.querySelectorAll("[data-known-item]")) {
      const input = item.querySelector("input[name=known-seen]");
      if (input && seen.has(input.value)) input.disabled = false;
      else if (watcher) watcher.observe(item);
      else see(item);
    }
  };

  const ask = async (place) => {
    const form = place.closest("form");
    const body = new FormData();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && (WATCHED.test(name) || SENT_TOO.has(name))) {
        body.append(name, value);
      }
    }
    if (asking) asking.abort();
    const mine = new AbortController();
    asking = mine;
    try {
      const answer = await fetch(place.dataset.knownUrl, {
        method: "POST",
        body,
        headers: { "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value },
        signal: mine.signal,
      });
      if (!answer.ok || answer.redirected) return;
      const html = (await answer.text()).trim();
      // Whoever is in the panel now, or hears it read, is not interrupted for the same words.
      if (mine.signal.aborted || !place.isConnected || place.contains(document.activeElement)) return;
      const holder = document.createElement("template");
      holder.innerHTML = html;
      if (holder.content.textContent.trim() === place.textContent.trim()) return;
      place.replaceChildren(holder.content);
      watch(place);
    } catch {
      // No network: the form asks when it is sent.
    }
  };

  document.addEventListener("input", (event) => {
    const name = event.target.name || "";
    const form = event.target.closest && event.target.closest("form");
    const place = form && form.querySelector("[data-known-url]");
    if (!place || !WATCHED.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => ask(place), AFTER);
  });

  const start = () => {
    for (const place of places()) {
      watch(place);
      const anyway = place.querySelector("[data-known-anyway]");
      const doubt = document.querySelector("[data-warning] input[autofocus]");
      if (!anyway || doubt) continue; // questions come first, the button after them
      place.scrollIntoView({ block: "center" });
      anyway.focus({ preventScroll: true });
    }
  };
  document.addEventListener("panah:form", start);
  start();
})();
