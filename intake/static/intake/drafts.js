// Nothing typed is lost: a draft is kept by the server every few seconds, or, without a
// connection, in this browser under a key that only the server can give to this user again.
// The form is sent by this script, so that a lost connection or an ended session leaves the page
// as it is. Ids are made before sending: sending twice is one household.
(() => {
  "use strict";
  const SAVE_AFTER = 2000; // ms after a change
  const RETRY_AFTER = 10000; // ms while something is not kept by the server
  const ANSWER_WITHIN = 60000; // ms
  const KEPT_FOR = 7 * 24 * 3600 * 1000; // ms, as long as the server keeps a draft
  const PREFIX = "panah-draft:";
  const NOT_TYPED = new Set(["csrfmiddlewaretoken", "save", "add_person"]);
  const ASKED = /^(warning|known)-/; // answers belong to one sending, not to a draft

  const current = () => document.getElementById("registration");
  const id = () => current().querySelector("input[name=id]").value;
  const words = (name, time = "") => {
    const holder = document.getElementById("draft-words");
    const said = holder ? holder.content.querySelector(`[data-word=${name}]`) : null;
    return said ? said.textContent.replace("{time}", `\u2068${time}\u2069`).trim() : "";
  };
  const clockTime = (moment = Date.now()) =>
    new Date(moment + Number(current().dataset.clockOffset)).toISOString().replace("T", " ");
  const csrf = () => current().querySelector("[name=csrfmiddlewaretoken]").value;

  const typed = () =>
    [...new FormData(current())].filter(
      ([name, value]) => typeof value === "string" && !NOT_TYPED.has(name) && !ASKED.test(name)
    );

  // What is said to the user -----------------------------------------------------------------
  const state = (text, wrong = false) => {
    const line = document.getElementById("draft-state");
    line.textContent = text;
    line.toggleAttribute("data-wrong", wrong);
  };
  const button = (text, act, main = true) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `dk-button dk-small${main ? " dk-main" : ""}`;
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  };
  const link = (text, address) => {
    const made = document.createElement("a");
    made.className = "dk-button dk-small dk-main";
    made.textContent = text;
    made.href = address;
    return made;
  };
  const say = (place, text, ...rest) => {
    const box = document.getElementById(place);
    const said = document.createElement("strong");
    said.textContent = text;
    box.replaceChildren(said, " ", ...rest);
    box.hidden = false;
  };
  const quiet = () => {
    document.getElementById("connection").hidden = true;
  };

  // The copy in this browser -----------------------------------------------------------------
  const base64 = (bytes) => {
    let text = "";
    for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const bytesOf = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const cipher = (key) =>
    crypto.subtle.importKey("raw", bytesOf(key), "AES-GCM", false, ["encrypt", "decrypt"]);
  const place = (draft = id()) => `${PREFIX}${current().dataset.draftOwner}:${draft}`;

  const keepHere = async () => {
    // Without a secure address a browser gives no ciphers: then nothing is written to its disk.
    const key = current().dataset.draftKey;
    if (!window.crypto || !crypto.subtle || !key) return false;
    try {
      const draft = id();
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const data = await crypto.subtle.encrypt(
        { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(draft) },
        await cipher(key),
        new TextEncoder().encode(JSON.stringify(typed()))
      );
      const copy = { saved: Date.now(), at: clockTime().slice(0, 16), iv: base64(iv) };
      localStorage.setItem(place(draft), JSON.stringify({ ...copy, data: base64(data) }));
      return true;
    } catch {
      return false; // no room, or a browser that keeps nothing
    }
  };
  const forgetHere = (draft = id()) => {
    try {
      localStorage.removeItem(place(draft));
    } catch {
      // nothing was kept
    }
  };
  const copies = () => {
    const found = [];
    try {
      for (const key of Object.keys(localStorage).filter((each) => each.startsWith(PREFIX))) {
        const copy = JSON.parse(localStorage.getItem(key));
        if (!(Date.now() - copy.saved < KEPT_FOR)) localStorage.removeItem(key);
        else if (key.startsWith(place(""))) found.push({ ...copy, id: key.slice(place("").length) });
      }
    } catch {
      return [];
    }
    return found.sort((one, other) => other.saved - one.saved);
  };

  // Saving as one types ----------------------------------------------------------------------
  let timer = 0;
  let typedAt = 0; // counts changes, so that a save knows whether it is the latest
  let keptAt = 0;
  let over = false; // registered: nothing is saved any more
  let signedOut = false;
  let away = false; // the last save did not reach the server

  const post = (address, body, headers = {}, more = {}) =>
    fetch(address, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": csrf(), ...headers },
      signal: AbortSignal.timeout ? AbortSignal.timeout(ANSWER_WITHIN) : null,
      ...more,
    });
  const isSignIn = (answer) =>
    answer.status === 403 || (answer.redirected && answer.url.includes("/login/"));
  // Signed in again in another window: this page's token is renewed, if it is the same user.
  const renewed = async () => {
    const answer = await fetch(current().dataset.form);
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = made.getElementById("registration");
    if (!form || form.dataset.draftOwner !== current().dataset.draftOwner) return false;
    const token = "[name=csrfmiddlewaretoken]";
    current().querySelector(token).value = form.querySelector(token).value;
    return true;
  };
  const postAsBefore = async (address, body, headers = {}) => {
    const answer = await post(address, body, headers);
    return isSignIn(answer) && (await renewed()) ? post(address, body, headers) : answer;
  };
  const draftBody = () => JSON.stringify({ id: id(), fields: typed() });

  const withoutServer = async (kept) => {
    away = true;
    if (signedOut) {
      const name = kept ? "signed-out" : "signed-out-unkept";
      say("connection", words(name), link(words("sign-in"), current().dataset.signIn));
      state("");
    } else {
      const name = kept ? "offline" : "offline-unkept";
      state(words(name, clockTime().slice(11, 16)), !kept);
    }
  };

  const registeredAlready = (address) => {
    over = true;
    forgetHere();
    state("");
    say("connection", words("registered"), link(words("open"), address));
  };

  const save = async () => {
    clearTimeout(timer);
    timer = 0;
    if (over || sending || keptAt === typedAt) return;
    const saving = typedAt;
    let answer = null;
    try {
      answer = await postAsBefore(current().dataset.draftSave, draftBody());
    } catch {
      answer = null;
    }
    if (over || !current()) return;
    if (answer && answer.ok && !answer.redirected) {
      const said = await answer.json();
      keptAt = saving;
      signedOut = away = false;
      forgetHere();
      if (!sending) state(words("saved", said.at));
    } else if (answer && answer.status === 409) {
      const said = await answer.json();
      if (said.code === "registered" && said.location) registeredAlready(said.location);
      else state(said.message, true);
      return;
    } else if (answer && (answer.status === 413 || answer.status === 400)) {
      state(words("not-kept"), true);
    } else {
      signedOut = Boolean(answer && isSignIn(answer));
      await withoutServer(await keepHere());
    }
    if (keptAt !== typedAt && !timer && !signedOut) timer = setTimeout(save, RETRY_AFTER);
  };
  const changed = () => {
    typedAt += 1;
    if (over) return;
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_AFTER);
  };

  // Sending ----------------------------------------------------------------------------------
  let sending = false;
  let waiting = false; // it was pressed, and could not be sent

  const offerAgain = (name, text) => {
    waiting = true;
    say("connection", words(name), button(words(text), send));
  };
  const show = (html) => {
    const made = new DOMParser().parseFromString(html, "text/html");
    const fresh = made.getElementById("registration-page");
    if (!fresh) return false;
    document.getElementById("registration-page").replaceWith(fresh);
    window.scrollTo(0, 0);
    document.dispatchEvent(new CustomEvent("panah:form"));
    return true;
  };

  const send = async () => {
    if (sending || over) return; // a second press while the first is under way
    sending = true;
    waiting = false;
    quiet();
    state(words("sending"));
    const body = new FormData(current());
    body.append("save", "1");
    let answer = null;
    let html = "";
    try {
      body.delete("csrfmiddlewaretoken"); // the header has it, renewed if need be
      answer = await postAsBefore(current().dataset.form, body, { "X-Panah-Script": "1" });
      html = await answer.text();
    } catch {
      answer = null;
    }
    sending = false;
    if (answer && (answer.headers.get("Content-Type") || "").includes("json") && answer.ok) {
      over = true;
      forgetHere();
      location.assign(JSON.parse(html).location);
      return;
    }
    if (answer && (answer.ok || answer.status === 422) && !isSignIn(answer) && show(html)) {
      state("");
      changed();
      return;
    }
    state("");
    signedOut = Boolean(answer && isSignIn(answer));
    const kept = await keepHere();
    if (signedOut) await withoutServer(kept);
    else if (answer) offerAgain("server", "retry");
    else {
      offerAgain("not-sent", "retry");
      await withoutServer(kept);
      probe();
    }
  };

  // While the connection is away: ask now and then, and offer to go on once it is back.
  let probing = 0;
  const probe = () => {
    clearTimeout(probing);
    if (!waiting) return;
    probing = setTimeout(async () => {
      try {
        await post(current().dataset.draftSave, draftBody());
        if (waiting) offerAgain("back", "again");
      } catch {
        probe();
      }
    }, RETRY_AFTER / 2);
  };
  window.addEventListener("online", () => {
    if (!current()) return;
    if (waiting) offerAgain("back", "again");
    if (keptAt !== typedAt) save();
  });
  window.addEventListener("pagehide", () => {
    if (!current() || over || keptAt === typedAt) return;
    // The browser closes: hand over what was typed in the last two seconds.
    const more = { keepalive: true, signal: null };
    post(current().dataset.draftSave, draftBody(), {}, more).catch(() => {});
    if (away) keepHere();
  });

  // Coming back ------------------------------------------------------------------------------
  const goOn = async (copy) => {
    const body = new FormData();
    body.append("id", copy.id);
    try {
      const opened = await (await post(current().dataset.draftOpen, body)).json();
      if (opened.registered) {
        forgetHere(copy.id);
        say("kept-here", words("registered"), link(words("open"), opened.registered));
        return;
      }
      const plain = await crypto.subtle.decrypt(
        {
          name: "AES-GCM",
          iv: bytesOf(copy.iv),
          additionalData: new TextEncoder().encode(copy.id),
        },
        await cipher(opened.key),
        bytesOf(copy.data)
      );
      const fields = JSON.parse(new TextDecoder().decode(plain));
      const answer = await post(
        current().dataset.draftSave,
        JSON.stringify({ id: copy.id, fields })
      );
      if (!answer.ok || answer.redirected) throw new Error("not saved");
      forgetHere(copy.id);
      over = true; // of the empty form that is left
      location.assign(`${current().dataset.form}?draft=${copy.id}`);
    } catch {
      say("kept-here", words("unopened"), button(words("no"), () => discard(copy), false));
    }
  };
  const discard = (copy) => {
    forgetHere(copy.id);
    document.getElementById("kept-here").hidden = true;
    offer();
  };
  const offer = () => {
    // A copy is removed as soon as the server keeps what it says: what is left is later. Clocks
    // of devices are not asked, they go wrong.
    const [copy] = copies();
    if (!copy) return;
    say(
      "kept-here",
      words("continue-here", copy.at),
      button(words("yes"), () => goOn(copy)),
      " ",
      button(words("no"), () => discard(copy), false)
    );
  };

  const start = () => {
    const form = current();
    if (!form) return;
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send();
    });
  };
  document.addEventListener("panah:form", start);
  start();
  if (current()) offer();
})();
