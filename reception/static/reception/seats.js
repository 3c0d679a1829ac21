// Seats and places left while families are ticked. The server has the last word.
(() => {
  "use strict";
  const boxes = [...document.querySelectorAll("input[data-persons]")];
  const sums = [...document.querySelectorAll("[data-left]")];
  const ticked = () => boxes.filter((box) => box.checked);
  const add = (number) => ticked().reduce((sum, box) => sum + number(box), 0);
  const wheelchairs = (box) =>
    Number(box.closest("li").querySelector("[data-wheelchairs]").value) || 0;
  const count = () => {
    const persons = add((box) => Number(box.dataset.persons));
    const seats = persons - add(wheelchairs);
    for (const sum of sums) {
      const left = Number(sum.dataset.left) - ("seats" in sum.dataset ? seats : persons);
      sum.textContent = left < 0 ? `${left} (${sum.dataset.less})` : String(left);
      sum.classList.toggle("tr-less", left < 0);
    }
  };
  document.addEventListener("change", count);
  count();
})();
