// Enter in a question goes on to the next one, and from the last to the button; Ctrl+Enter
// registers from anywhere (desk.js). Without this script the keys of the browser do.
(() => {
  "use strict";
  const start = () => {
    const form = document.getElementById("registration");
    if (!form) return;
    const groups = [...form.querySelectorAll("[data-warning]")];
    groups.forEach((group, index) => {
      group.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.target.tagName === "A") return;
        event.preventDefault();
        event.stopPropagation(); // in a person it would add the next one
        const next = groups.slice(index + 1).find((each) => !each.closest("[hidden]"));
        const target = next ? next.querySelector("input:checked") : form.querySelector("[name=save]");
        if (target) target.focus();
      });
    });
    const first = form.querySelector("[data-warning] input[autofocus]");
    if (first && !form.querySelector("[aria-invalid=true]")) {
      first.closest("[data-warning]").scrollIntoView({ block: "center" });
      first.focus({ preventScroll: true });
    }
  };
  document.addEventListener("panah:form", start);
  start();
})();
