// Seats and places left while families are ticked. The server has the last word.
(() => {
  "use strict";
  const boxes = [...document.querySelectorAll("input[data-persons]")];
  const sums = [...document.querySelectorAll("[data-left]")];
  const count = () => {
    const taken = boxes.reduce((sum, box) => sum + (box.checked ? Number(box.dataset.persons) : 0), 0);
    for (const sum of sums) {
      const left = Number(sum.dataset.left) - taken;
      sum.textContent = left < 0 ? `${left} (${sum.dataset.less})` : String(left);
      sum.classList.toggle("tr-less", left < 0);
    }
  };
  for (const box of boxes) box.addEventListener("change", count);
  count();
})();
