// Counting people: each scan and each number is kept here until the server has it. Without this
// script the same forms are sent as they are. The camera is that of intake/scan.js.
(() => {
  "use strict";
  const page = document.getElementById("counting");
  if (!page) return;
  const form = document.getElementById("scan");
  const text = document.getElementById("text");
  const number = document.getElementById("number");
  const list = document.getElementById("list");
  const recent = document.getElementById("hc-recent");
  const state = document.getElementById("hc-state");
  const camera = document.getElementById("camera");
  const words = page.dataset;
  const longest = 15; // lines in the running list
  const most = 20; // lines in one sending
  let waiting = [];
  let sending = false;
  let pause = 2000;
  let timer = null;
  let stopped = false;
  let filming = false;

  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(words.queue) || "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  };
  const keep = () => {
    try {
      if (waiting.length) localStorage.setItem(words.queue, JSON.stringify(waiting));
      else localStorage.removeItem(words.queue);
    } catch {
      // a browser that keeps nothing still sends what is in this page
    }
  };
  const key = () => {
    if (window.crypto && crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
  const tell = () => {
    if (stopped) state.textContent = words.signin;
    else state.textContent = waiting.length ? `${words.waiting} ${waiting.length}` : words.sent;
    state.classList.toggle("hc-late", stopped || (waiting.length > 0 && pause > 2000));
  };

  const add = (said) => {
    waiting.push({ ...said, key: key(), at: Date.now() });
    keep();
    tell();
    send();
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(send, pause);
    pause = Math.min(pause * 2, 30000);
    tell();
  };

  const send = async () => {
    if (sending || stopped || !waiting.length) return;
    sending = true;
    const batch = waiting.slice(0, most);
    let answer = null;
    try {
      const response = await fetch(words.send, {
        method: "POST",
        credentials: "same-origin",
        headers: {
          "Content-Type": "application/json",
          "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value,
        },
        // The age of a line, not its time: the clock of a phone may be wrong.
        body: JSON.stringify({
          lines: batch.map(({ at, ...said }) => ({ ...said, ago: Math.max(Date.now() - at, 0) })),
        }),
      });
      const json = (response.headers.get("Content-Type") || "").includes("json");
      if (response.ok && json) answer = await response.json();
      else if (response.redirected || (response.status >= 400 && response.status < 500)) {
        stopped = response.status !== 429;
      }
    } catch {
      // no network: tried again
    }
    sending = false;
    if (!answer) {
      if (stopped) tell();
      else later();
      return;
    }
    pause = 2000;
    const done = new Set(batch.map((said) => said.key));
    waiting = waiting.filter((said) => !done.has(said.key));
    keep();
    answer.answers.forEach((each, index) => show(each, batch[index]));
    document.getElementById("hc-counted").textContent = answer.counted;
    document.getElementById("hc-bar").value = answer.counted;
    tell();
    send();
  };

  const part = (tag, content, attributes = {}) => {
    const made = document.createElement(tag);
    made.textContent = content;
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  };

  const show = (answer, said) => {
    const row = document.createElement("li");
    const title = answer.household || answer.unit || said.text || said.title || words.all;
    row.append(part("bdi", title, { dir: "ltr" }));
    if (answer.status === "refused") {
      row.className = "hc-bad";
      row.append(part("span", answer.detail, { role: "alert" }));
    } else {
      const figures = answer.expected === null ? `${answer.seen}` : `${answer.seen} / ${answer.expected}`;
      const outcome = { counted: words.counted, repeat: words.repeat, not_expected: words.unexpected };
      row.append(part("span", figures, { dir: "ltr" }), part("span", outcome[answer.status] || "", { class: "pl-soft" }));
      if (answer.status === "not_expected") row.className = "hc-odd";
      if (answer.line) row.append(correction(answer, title));
      mark(answer);
    }
    if (navigator.vibrate) navigator.vibrate(answer.status === "counted" ? 40 : [60, 60, 60]);
    recent.prepend(row);
    while (recent.children.length > longest) recent.lastElementChild.remove();
  };

  // A number that can be put right where it is shown.
  const correction = (answer, title) => {
    const field = part("input", "", {
      type: "number", inputmode: "numeric", min: "0", max: "1000", "aria-label": `${words.seen}: ${title}`,
    });
    field.value = answer.seen;
    field.addEventListener("change", () => {
      if (field.value !== "") add({ line: answer.line, seen: Number(field.value), how: "list", title });
    });
    return field;
  };

  const mark = (answer) => {
    const row = answer.line && list.querySelector(`[data-line="${answer.line}"]`);
    if (!row) return;
    row.classList.add("hc-done");
    row.querySelector("input[type=number]").value = answer.seen;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (number.validity.badInput) {
      number.focus(); // letters are no number: they must not mean "all"
      return;
    }
    const read = text.value.trim();
    if (read) {
      const said = { text: read, how: filming ? "scan" : how(read) };
      if (number.value !== "") said.seen = Number(number.value);
      add(said);
    }
    text.value = number.value = "";
    if (filming) setTimeout(() => filming && camera.click(), 900);
    else text.focus();
  });
  // A slip has a token, a reference was typed by hand.
  const how = (read) => (read.replace(/[^0-9a-z]/gi, "").length === 17 ? "scan" : "reference");

  camera.addEventListener("click", () => {
    filming = true;
  });
  document.getElementById("camera-off").addEventListener("click", () => {
    filming = false;
  });

  list.addEventListener("click", (event) => {
    const pressed = event.target.closest("button[name=all]");
    if (!pressed) return;
    event.preventDefault();
    const row = pressed.closest("[data-line]");
    const title = row.querySelector("bdi").textContent;
    add({ line: row.dataset.line, seen: Number(row.dataset.expected), how: "list", title });
  });
  list.addEventListener("change", (event) => {
    const field = event.target;
    if (field.type !== "number" || field.value === "") return;
    const said = { seen: Number(field.value), how: "list" };
    if (field.dataset.unit !== undefined) add({ ...said, unit: field.dataset.unit });
    else {
      const row = field.closest("[data-line]");
      add({ ...said, line: row.dataset.line, title: row.querySelector("bdi").textContent });
    }
  });
  // Enter goes to the next field, as on paper one goes to the next line.
  list.addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.type !== "number") return;
    event.preventDefault();
    const fields = [...list.querySelectorAll("input[type=number]")];
    const next = fields[fields.indexOf(event.target) + 1];
    if (next) next.focus();
    else event.target.blur();
  });

  list.querySelector(":scope > .dk-actions").hidden = true; // every number is sent by itself
  window.addEventListener("online", () => {
    pause = 2000;
    send();
  });
  waiting = load();
  tell();
  send();
})();
