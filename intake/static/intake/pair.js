// A pair is decided in two steps: a key or button shows what it does, then it is confirmed.
// Without this script all three panels are open on the page, and their buttons decide.
"use strict";
(() => {
  const panels = [...document.querySelectorAll(".pair-panel")];
  if (!panels.length) return;
  const choosers = [...document.querySelectorAll("[data-choose]")];
  const say = (chosen) => {
    for (const panel of panels) panel.hidden = panel.id !== chosen;
    for (const each of choosers) {
      each.setAttribute("aria-expanded", String(each.dataset.choose === chosen));
    }
  };
  const choose = (name) => {
    say(name);
    const panel = document.getElementById(name);
    // Enter confirms, after the reader saw or heard what it does.
    const first = panel.querySelector("input[type=checkbox], .dk-main");
    if (first) first.focus();
    else panel.querySelector("h2").scrollIntoView();
  };
  const back = (panel) => {
    say("");
    const from = choosers.find((each) => each.dataset.choose === panel.id);
    if (from) from.focus();
  };
  for (const each of choosers) {
    each.setAttribute("role", "button");
    each.setAttribute("aria-controls", each.dataset.choose);
    each.addEventListener("click", (event) => {
      event.preventDefault();
      choose(each.dataset.choose);
    });
    each.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      choose(each.dataset.choose);
    });
  }
  for (const panel of panels) {
    const button = panel.querySelector("[data-back]");
    if (button) {
      button.hidden = false;
      button.addEventListener("click", () => back(panel));
    }
    // A panel is sent once: a second press while the answer is on its way does nothing.
    panel.addEventListener("submit", (event) => {
      if (panel.dataset.sent) event.preventDefault();
      panel.dataset.sent = "1";
    });
    panel.querySelectorAll("select, textarea").forEach((field) => {
      const box = field.closest("fieldset") && field.closest("fieldset").querySelector("input[type=checkbox]");
      field.addEventListener("input", () => { if (box) box.checked = true; });
    });
  }
  window.addEventListener("pageshow", () => panels.forEach((panel) => delete panel.dataset.sent));
  const shown = panels.find((panel) => "shown" in panel.dataset);
  say(shown ? shown.id : "");
  if (shown) shown.querySelector("input[type=checkbox]").focus();
  // The key where S, D, A and N are on a Latin keyboard, whatever script it types.
  const keys = { KeyS: "same", KeyD: "different", KeyA: "ask" };
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const open = panels.find((panel) => !panel.hidden);
    if (event.key === "Escape" && open) {
      back(open);
      return;
    }
    const typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable]");
    if (typing) return;
    if (keys[event.code]) {
      event.preventDefault();
      choose(keys[event.code]);
    } else if (event.code === "KeyN") {
      const next = document.querySelector("[data-skip]");
      if (next) window.location.assign(next.href);
    }
  });
})();
