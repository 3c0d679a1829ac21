// The registration form by keyboard: Enter or + adds a person, births are read back at once.
// Everything here also works without this script, by the form's own buttons. The event
// "panah:form" says that the form was put into the page anew (drafts.js).
(() => {
  "use strict";
  const current = () => document.getElementById("registration");
  const persons = () => [...document.querySelectorAll("#people > [data-person]")];
  const nameOf = (person) => person.querySelector("[name$='-name']");

  // A UUID that sorts by time (RFC 9562, version 7), also where crypto.randomUUID is missing.
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let time = Date.now();
    for (let index = 5; index >= 0; index -= 1) {
      bytes[index] = time % 256;
      time = Math.floor(time / 256);
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };

  const changed = () => current().dispatchEvent(new Event("input", { bubbles: true }));

  const number = () => {
    persons().forEach((person, index) => {
      person.querySelector("[data-number]").textContent = String(index + 1);
      person.querySelector("[data-remove]").hidden = persons().length < 2;
    });
  };

  const addPerson = () => {
    const form = current();
    const total = form.querySelector("[name=members-TOTAL_FORMS]");
    const count = Number(total.value);
    if (count >= Number(form.querySelector("[name=members-MAX_NUM_FORMS]").value)) return;
    const blank = document.getElementById("blank-person").innerHTML;
    const holder = document.createElement("template");
    holder.innerHTML = blank.replaceAll("__prefix__", String(count)).trim();
    const person = holder.content.firstElementChild;
    const last = persons().at(-1);
    document.getElementById("people").append(person);
    total.value = count + 1;
    // Families share a nationality; names are each person's own.
    const from = last && last.querySelector("[name$=-nationality]");
    if (from) person.querySelector("[name$=-nationality]").value = from.value;
    // Made here, so that sending the form twice is one person.
    person.querySelector("[name$='-id']").value = newId();
    number();
    nameOf(person).focus();
  };

  const nextPerson = (person) => {
    const following = persons()[persons().indexOf(person) + 1];
    if (following) nameOf(following).focus();
    else addPerson();
  };

  const removePerson = (person) => {
    const place = persons().indexOf(person);
    const spoke = person.querySelector("[name=focal_point]").checked;
    person.remove(); // the server closes the gap; the others keep their order
    if (spoke) persons()[0].querySelector("[name=focal_point]").checked = true;
    number();
    nameOf(persons()[Math.min(place, persons().length - 1)]).focus();
    changed();
  };

  // The next field that can be typed into, as Tab would find it.
  const nextField = (field) => {
    const fields = [...current().querySelectorAll("input, select, textarea, button")].filter(
      (each) => each.type !== "hidden" && each.offsetParent !== null
    );
    const following = fields[fields.indexOf(field) + 1];
    if (following) following.focus();
  };

  const goTo = (field) => {
    for (let each = field.closest("details"); each; each = each.parentElement.closest("details")) {
      each.open = true;
    }
    field.focus();
  };

  const onClick = (event) => {
    const form = current();
    const button = event.target.closest("button");
    if (!button) return;
    if (button.name === "add_person") {
      event.preventDefault();
      addPerson();
    } else if (button.hasAttribute("data-remove")) {
      removePerson(button.closest("[data-person]"));
    } else if (button.hasAttribute("data-now")) {
      const shift = Number(form.dataset.clockOffset);
      const now = new Date(Date.now() + shift);
      form.querySelector("[name=arrived_at]").value = now.toISOString().slice(0, 16);
      changed();
    }
  };

  const onKey = (event) => {
    const form = current();
    const field = event.target;
    if (event.key !== "Enter" || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[name=save]"));
    } else if (field.matches("input, select") && !event.isComposing) {
      // Enter never sends a half-filled form: in a person it goes on to the next one.
      event.preventDefault();
      const person = field.closest("[data-person]");
      if (person) nextPerson(person);
      else nextField(field);
    }
  };

  const timers = new WeakMap();
  const preview = async (field) => {
    const form = current();
    const output = field.closest(".dk-field").querySelector("[data-understood]");
    const text = field.value.trim();
    if (!text) {
      output.textContent = "";
      return;
    }
    const body = new FormData();
    body.append("birth", text);
    body.append("arrived_at", form.querySelector("[name=arrived_at]").value);
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
      output.textContent = ""; // no network: the form says it when it is sent
    }
  };
  const onInput = (event) => {
    if (!event.target.hasAttribute("data-birth")) return;
    clearTimeout(timers.get(event.target));
    timers.set(event.target, setTimeout(() => preview(event.target), 250));
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "+" && current() && !event.target.matches("input, textarea, select")) {
      event.preventDefault();
      addPerson();
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-to-field]");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    goTo(field);
  });

  const start = () => {
    const form = current();
    if (!form) return;
    form.addEventListener("click", onClick);
    form.addEventListener("keydown", onKey);
    form.addEventListener("input", onInput);
    number();
    const wrong = form.querySelector("[aria-invalid=true]");
    if (wrong) goTo(wrong);
    else if (document.getElementById("problems")) document.getElementById("problems").focus();
  };
  document.addEventListener("panah:form", start);
  start();
})();
