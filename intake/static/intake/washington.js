// Digits choose the answer of the question that has the focus and go on to the next one.
(function () {
  "use strict";
  const form = document.querySelector("[data-questions]");
  if (!form) return;
  const questions = Array.from(form.querySelectorAll("fieldset"));
  const first = (set) => set.querySelector("input:checked") || set.querySelector("input");
  form.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const set = event.target.closest("fieldset");
    // Persian and Arabic digits are typed as well.
    const digit = event.key.replace(/[۰-۹]/, (d) => d.charCodeAt(0) - 1776).replace(/[٠-٩]/, (d) => d.charCodeAt(0) - 1632);
    const radio = set && set.querySelector('input[value="' + CSS.escape(digit) + '"]');
    if (!radio) return;
    event.preventDefault();
    radio.checked = true;
    const next = questions[questions.indexOf(set) + 1];
    if (next) first(next).focus();
  });
  const wrong = form.querySelector(".dk-error");
  const start = (wrong && wrong.closest("fieldset")) || questions[0];
  if (start) first(start).focus();
})();
