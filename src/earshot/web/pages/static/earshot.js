// Keys for what can be clicked anyway: without this script every page works the same.
"use strict";
(() => {
  const typing = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]") !== null;
  const rows = () => [...document.querySelectorAll("table.list tbody tr, .rows > li")];
  let leading = false;

  function move(step) {
    const all = rows();
    if (all.length === 0) return;
    const at = all.findIndex((row) => row.classList.contains("at"));
    const to = Math.min(all.length - 1, Math.max(0, at === -1 ? 0 : at + step));
    all.forEach((row) => row.classList.remove("at"));
    all[to].classList.add("at");
    all[to].scrollIntoView({ block: "nearest" });
    const link = all[to].querySelector("a, button");
    if (link) link.focus({ preventScroll: true });
  }

  function press(key) {
    const current = document.querySelector(".at, .current");
    const inside = current && current.querySelector(`[data-key="${CSS.escape(key)}"]`);
    const found = inside || document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (found && !found.disabled) found.click();
    return found;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key;
    if (leading) {
      leading = false;
      const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (key === "g") { leading = true; setTimeout(() => { leading = false; }, 1500); }
    else if (key === "/") { event.preventDefault(); document.getElementById("find")?.focus(); }
    else if (key === "?") { document.getElementById("keys")?.showModal(); }
    else if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key.length === 1 && press(key)) event.preventDefault();
  });

  // A form is sent once, however often the button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    window.addEventListener("pageshow", () => { delete form.dataset.sent; }, { once: true });
  });

  // On a wide screen the list of pages is open.
  const menu = document.getElementById("menu");
  const wide = window.matchMedia("(min-width: 60rem)");
  const fit = () => { if (menu) menu.open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();
})();
