// What was found is read out first; whatever a scanner types next goes to the field again, and
// never presses a button of the family before.
(() => {
  "use strict";
  const field = document.getElementById("text");
  const found = document.querySelector("[data-first]");
  if (found) found.focus();
  if (!field) return;
  document.addEventListener("keydown", (event) => {
    const types = event.key.length === 1 && event.key !== " ";
    if (!types || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) return;
    field.value = "";
    field.focus();
  });
})();
