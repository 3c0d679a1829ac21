// Puts the agencies that serve the chosen sector first. Without scripts the list is complete too.
(() => {
  const sector = document.getElementById("id_sector");
  const agency = document.getElementById("id_agency");
  const known = JSON.parse(document.getElementById("aid-agencies").textContent);
  sector.addEventListener("change", () => {
    const groups = known[sector.value];
    if (!groups) return;
    const chosen = agency.value;
    agency.replaceChildren(
      ...groups.flatMap(([label, rows]) => {
        const options = rows.map(([value, text]) => new Option(text, value));
        if (!label) return options;
        const group = document.createElement("optgroup");
        group.label = label;
        group.append(...options);
        return [group];
      }),
    );
    const serving = groups.length > 1 ? groups[1][1][0] : null;
    agency.value = chosen || (serving ? serving[0] : "");
  });
})();
