// Searching as somebody types. The text goes by POST only and is kept nowhere: not in the address,
// not in the history, not in the browser's storage. Without this script the form is sent as it is.
(() => {
  "use strict";
  const form = document.getElementById("search");
  if (!form) return;
  const field = form.elements.text;
  const box = document.getElementById("search-hits");
  const said = document.getElementById("search-said");
  const clear = document.getElementById("search-clear");
  const WAIT = 250; // ms after the last key
  const FEWEST = 3;
  let timer = 0;
  let running = null;
  let first = false; // open the first hit as soon as it is there

  const hits = () => [...box.querySelectorAll("[data-hit]")];
  const say = (text) => {
    said.textContent = text;
  };
  const problem = (text) => {
    const alert = document.createElement("div");
    alert.className = "dk-alert dk-alert-bad";
    alert.textContent = text;
    box.replaceChildren(alert);
    say(text);
  };
  const mark = () => {
    for (const each of form.querySelectorAll(".dk-error")) each.remove();
    for (const each of form.querySelectorAll("[aria-invalid]")) {
      each.removeAttribute("aria-invalid");
      each.removeAttribute("aria-describedby");
    }
    for (const item of box.querySelectorAll("[data-field]")) {
      const wrong = form.elements[item.dataset.field];
      if (!wrong) continue;
      const error = document.createElement("p");
      error.className = "dk-error";
      error.id = `${wrong.id}_error`;
      error.textContent = item.querySelector("span").textContent;
      wrong.after(error);
      wrong.setAttribute("aria-invalid", "true");
      wrong.setAttribute("aria-describedby", error.id);
      wrong.closest("details")?.setAttribute("open", "");
    }
  };

  const ask = async () => {
    clearTimeout(timer);
    if (running) running.abort();
    running = null;
    const letters = field.value.replace(/[^\p{L}\p{N}]/gu, "").length;
    if (letters < FEWEST) {
      box.replaceChildren();
      box.removeAttribute("aria-busy");
      say("");
      return;
    }
    const mine = (running = new AbortController());
    box.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        signal: mine.signal,
        cache: "no-store",
        headers: { "X-Panah-Hits": "1" },
      });
      if (mine !== running) return;
      if (answer.redirected || answer.status === 403) problem(form.dataset.gone);
      else if (!answer.ok && answer.status !== 422) problem(form.dataset.failed);
      else {
        const html = await answer.text();
        if (mine !== running) return;
        box.innerHTML = html; // rendered and escaped by our own server
        mark();
        const summary = box.querySelector("[data-said]");
        say(summary ? summary.textContent.trim().replace(/\s+/g, " ") : "");
        if (first && hits().length === 1) hits()[0].click();
        else if (first && hits().length) hits()[0].focus();
      }
    } catch (error) {
      if (error.name !== "AbortError" && mine === running) problem(form.dataset.failed);
    } finally {
      if (mine === running) {
        box.removeAttribute("aria-busy");
        running = null;
        first = false;
      }
    }
  };
  const soon = () => {
    clearTimeout(timer);
    if (running) running.abort(); // what it asks is no longer what stands in the field
    first = false;
    timer = setTimeout(ask, WAIT);
  };

  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    first = true;
    ask();
  });
  if (clear) {
    clear.hidden = false;
    clear.addEventListener("click", () => {
      for (const each of form.querySelectorAll(".search-filters :is(input, select)")) each.value = "";
      ask();
    });
  }
  // Down from the field into the hits, up again into the field; Enter opens, as with any link.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const all = hits();
    const at = all.indexOf(document.activeElement);
    const inside = document.activeElement === field || at >= 0;
    if (!inside) return;
    if (event.key === "ArrowDown" && at + 1 < all.length) {
      event.preventDefault();
      all[at + 1].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (at ? all[at - 1] : field).focus();
    } else if (event.key === "Escape" && at >= 0) {
      event.preventDefault();
      field.focus();
    }
  });
  // A page that comes back from the browser's memory shows nobody.
  window.addEventListener("pagehide", () => {
    if (running) running.abort();
    form.reset();
    field.value = "";
    box.replaceChildren();
  });
  field.focus();
})();
