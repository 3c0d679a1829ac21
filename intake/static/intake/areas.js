// Choosing an area: type its name in any script or its P-code, choose with the arrow keys.
// Without this script the field is a text with the browser's own list of suggestions.
(() => {
  "use strict";
  const MOST = 12;
  const plain = (text) => text.trim().toLowerCase();

  const enhance = (field) => {
    const form = field.form;
    const list = document.getElementById(field.getAttribute("list"));
    if (!list) return;
    const known = [...list.options].map((option) => ({
      value: option.value,
      within: option.textContent.trim(),
    }));
    field.removeAttribute("list");
    const box = document.createElement("ul");
    box.id = `${field.id}_options`;
    box.className = "dk-options";
    box.setAttribute("role", "listbox");
    box.setAttribute("aria-label", field.labels[0].textContent.trim());
    box.hidden = true;
    const combo = document.createElement("div");
    combo.className = "dk-combo";
    field.before(combo);
    combo.append(field, box);
    for (const [name, value] of [
      ["role", "combobox"],
      ["aria-autocomplete", "list"],
      ["aria-expanded", "false"],
      ["aria-controls", box.id],
    ]) {
      field.setAttribute(name, value);
    }
    let shown = [];
    let at = -1;
    let asked = 0;

    const close = () => {
      box.hidden = true;
      at = -1;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    };
    const mark = (index) => {
      at = index;
      [...box.children].forEach((item, place) => {
        item.setAttribute("aria-selected", String(place === index));
        if (place === index) item.scrollIntoView({ block: "nearest" });
      });
      if (index < 0) field.removeAttribute("aria-activedescendant");
      else field.setAttribute("aria-activedescendant", box.children[index].id);
    };
    const show = (areas) => {
      shown = areas.slice(0, MOST);
      box.replaceChildren(
        ...shown.map((area, index) => {
          const item = document.createElement("li");
          item.id = `${box.id}_${index}`;
          item.setAttribute("role", "option");
          const [code, ...name] = area.value.split(" ");
          const said = document.createElement("bdi");
          said.textContent = name.join(" ");
          const rest = document.createElement("bdi");
          rest.className = "dk-within";
          rest.textContent = [area.within, code].filter(Boolean).join(" · ");
          item.append(said, " ", rest);
          return item;
        })
      );
      box.hidden = shown.length === 0;
      field.setAttribute("aria-expanded", String(!box.hidden));
      mark(shown.length ? 0 : -1);
    };
    const choose = (index) => {
      field.value = shown[index].value;
      close();
      field.dispatchEvent(new Event("input", { bubbles: true, detail: 0 }));
      close();
    };
    const here = (text) => {
      const whole = known.filter((area) => plain(area.value).startsWith(text));
      const words = known.filter(
        (area) => !whole.includes(area) && plain(area.value).includes(` ${text}`)
      );
      return [...words, ...whole];
    };
    // Other scripts and other spellings: the server knows how names sound.
    const ask = async (text) => {
      const mine = (asked += 1);
      const body = new FormData();
      body.append("text", text);
      try {
        const answer = await fetch(form.dataset.areasUrl, {
          method: "POST",
          body,
          headers: { "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value },
        });
        if (!answer.ok || answer.redirected) return;
        const { areas } = await answer.json();
        if (mine === asked && document.activeElement === field && !box.dataset.left) show(areas);
      } catch {
        // no network: what this page knows is shown already
      }
    };
    let timer = 0;
    field.addEventListener("input", (event) => {
      if (!event.isTrusted) return; // chosen from the list
      const text = plain(field.value);
      delete box.dataset.left;
      clearTimeout(timer);
      asked += 1;
      if (!text) {
        close();
        return;
      }
      const found = here(text);
      show(found);
      if (found.length < 3 && text.length > 1) timer = setTimeout(() => ask(text), 150);
    });
    field.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (box.hidden) show(here(plain(field.value)));
        else {
          const step = event.key === "ArrowDown" ? 1 : -1;
          mark((at + step + shown.length) % shown.length);
        }
      } else if (event.key === "Enter" && !box.hidden && at >= 0) {
        event.preventDefault();
        choose(at);
      } else if (event.key === "Escape" && !box.hidden) {
        event.preventDefault();
        box.dataset.left = "1";
        close();
      }
    });
    field.addEventListener("blur", () => setTimeout(close, 150));
    box.addEventListener("mousedown", (event) => {
      const item = event.target.closest("[role=option]");
      if (!item) return;
      event.preventDefault();
      choose([...box.children].indexOf(item));
    });
  };

  const start = () => document.querySelectorAll("[data-areas]").forEach(enhance);
  document.addEventListener("panah:form", start);
  start();
})();
