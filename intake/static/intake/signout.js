// Signing out removes what this user's unfinished registrations left in the browser.
(() => {
  "use strict";
  const owner = document.currentScript.dataset.draftOwner;
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "logout-form") return;
    try {
      Object.keys(localStorage)
        .filter((key) => key.startsWith(`panah-draft:${owner}:`))
        .forEach((key) => localStorage.removeItem(key));
    } catch {
      // a browser that keeps nothing has nothing to remove
    }
  });
})();
