// The registration form by keyboard: Enter or + adds a person, births are read back at once.
// Everything here also works without this script, by the form's own buttons.
(() => {
  "use strict";
  const form = document.getElementById("registration");
  if (!form) return;
  const people = document.getElementById("people");
  const blank = document.getElementById("blank-person");
  const total = form.querySelector("[name=members-TOTAL_FORMS]");
  const most = Number(form.querySelector("[name=members-MAX_NUM_FORMS]").value);
  const persons = () => [...people.querySelectorAll("[data-person]:not([hidden])")];

  const number = () => {
    persons().forEach((person, index) => {
      person.querySelector("[data-number]").textContent = (index + 1).toLocaleString(
        document.documentElement.lang
      );
      person.querySelector("[data-remove]").hidden = persons().length < 2;
    });
  };

  const addPerson = () => {
    const count = Number(total.value);
    if (count >= most) return;
    const holder = document.createElement("template");
    holder.innerHTML = blank.innerHTML.replaceAll("__prefix__", String(count)).trim();
    const person = holder.content.firstElementChild;
    const last = persons().at(-1);
    people.append(person);
    total.value = count + 1;
    // Families share a nationality and, mostly, the father's name is another: copy the first only.
    const from = last && last.querySelector("[name$=-nationality]");
    if (from) person.querySelector("[name$=-nationality]").value = from.value;
    person.querySelector("[name$='-id']").value = "";
    number();
    person.querySelector("[name$='-name']").focus();
  };

  const removePerson = (person) => {
    person.querySelectorAll("input, select, textarea").forEach((field) => {
      if (field.type === "checkbox") field.checked = false;
      else field.value = "";
    });
    person.hidden = true;
    number();
    persons()[0].querySelector("[name$='-name']").focus();
  };

  form.addEventListener("click", (event) => {
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
    }
  });

  form.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[name=save]"));
    } else if (event.key === "Enter" && field.matches("input, select")) {
      // Enter never sends a half-filled form: in a person it adds the next one.
      event.preventDefault();
      if (field.closest("[data-person]") && !event.isComposing) addPerson();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "+" && !event.target.matches("input, textarea, select")) {
      event.preventDefault();
      addPerson();
    }
  });

  const timers = new WeakMap();
  const preview = async (field) => {
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
  form.addEventListener("input", (event) => {
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
  });
  number();
  const wrong = form.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();
})();
