// Counting, completing and correcting by keyboard. Everything also works without this script.
(() => {
  "use strict";
  const form = document.querySelector("form[data-rows]");
  if (!form) return;

  // Digits of any script as a number; empty is nobody.
  const digits = (text) =>
    Number(
      text.trim().replace(/[۰-۹]/g, (c) => c.charCodeAt(0) - 0x6f0).replace(/[٠-٩]/g, (c) => c.charCodeAt(0) - 0x660)
    ) || 0;

  const total = form.querySelector("[data-total]");
  const declared = form.querySelector("[name=declared_size]");
  const differs = form.querySelector("[data-differs]");
  let typing = false;
  const sum = () => {
    if (!total) return;
    const others = [...form.querySelectorAll("[data-count]")];
    const people = 1 + others.reduce((all, field) => all + digits(field.value), 0);
    total.textContent = String(people);
    const told = declared ? digits(declared.value) : 0;
    // Where the server has just said it, it is not said twice.
    const said = !typing && declared && declared.hasAttribute("aria-invalid");
    differs.hidden = !told || told === people || said;
  };

  const fields = () =>
    [...form.querySelectorAll("input:not([type=hidden]), select, textarea, button[name=save]")].filter(
      (each) => each.offsetParent !== null
    );
  const names = () => [...form.querySelectorAll("[data-person] [name$='-name']")];
  const next = (field) => {
    const person = field.closest("[data-person]");
    // In a row of a person, Enter goes to the name of the next one; elsewhere to the next field.
    const row = person ? names() : fields();
    const here = person ? person.querySelector("[name$='-name']") : field;
    const target = row[row.indexOf(here) + 1] || form.querySelector("[name=save]");
    target.focus();
    if (target.select) target.select();
  };

  // A random UUID, also without a secure context (a desk in a local network).
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };

  const blank = document.querySelector("[data-blank]");
  const addPerson = () => {
    const count = form.querySelector("[name=members-TOTAL_FORMS]");
    const most = Number(form.querySelector("[name=members-MAX_NUM_FORMS]").value);
    if (Number(count.value) >= most) return;
    const holder = document.createElement("template");
    holder.innerHTML = blank.innerHTML.replaceAll("__prefix__", count.value).trim();
    const person = holder.content.firstElementChild;
    person.querySelector("[name$='-id']").value = newId(); // sent twice, it is one person
    form.querySelector("[data-people]").append(person);
    count.value = Number(count.value) + 1;
    person.querySelector("[name$='-name']").focus();
  };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.name === "add_person" && blank) {
      event.preventDefault();
      addPerson();
    } else if (button.hasAttribute("data-now")) {
      const now = new Date(Date.now() + Number(form.dataset.clockOffset));
      form.querySelector("[name=arrived_at]").value = now.toISOString().slice(0, 16);
    }
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[name=save]"));
    } else if (event.target.matches("input, select")) {
      event.preventDefault(); // Enter never sends a half-filled form
      next(event.target);
    }
  });

  const timers = new WeakMap();
  const preview = async (field) => {
    const output = field.closest(".dk-field").querySelector("[data-understood]");
    const text = field.value.trim();
    if (!output || !form.dataset.preview) return;
    if (!text) {
      output.textContent = "";
      return;
    }
    const body = new FormData();
    body.append("birth", text);
    const arrived = form.querySelector("[name=arrived_at]");
    if (arrived) body.append("arrived_at", arrived.value);
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        body,
        headers: { "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value },
      });
      if (!answer.ok || field.value.trim() !== text) return;
      const said = await answer.json();
      output.textContent = said.text;
      output.toggleAttribute("data-wrong", !said.ok);
    } catch {
      output.textContent = ""; // no network: the page says it when it is sent
    }
  };
  form.addEventListener("input", (event) => {
    typing = true;
    sum();
    if (!event.target.hasAttribute("data-birth")) return;
    clearTimeout(timers.get(event.target));
    timers.set(event.target, setTimeout(() => preview(event.target), 250));
  });

  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault(); // a second press while the first is under way
    sent = true;
  });
  window.addEventListener("pageshow", () => {
    sent = false;
    sum();
  });
  sum();
  const problem = form.querySelector(".dk-error");
  const row = problem && problem.closest("[data-person]");
  const first =
    (row && (row.querySelector("[aria-invalid=true]") || row.querySelector("[name$='-name']"))) ||
    form.querySelector("[aria-invalid=true]") ||
    names().find((field) => !field.value) ||
    form.querySelector("input:not([type=hidden])");
  if (first) first.focus();
})();
