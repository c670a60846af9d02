// The widget's loader, for pages of other sites: a button, and the help page in a frame.
// <script src="https://help.example/widget/v1.js" data-site="shop" defer></script>
// It sets styles by property only, so that a page with a strict Content-Security-Policy can use it.
"use strict";

(() => {
  const script = document.currentScript;
  const { site, lang, label } = script.dataset;
  const service = new URL(script.src).origin;
  const name = label || "Help";
  const WAIT = 10000;
  let frame, notice, timer, token, isReady = false;

  const address = new URL("/help/", service);
  address.searchParams.set("site", site || "");
  if (lang) address.searchParams.set("lang", lang);

  function element(tag, styles, attributes) {
    const created = document.createElement(tag);
    Object.assign(created.style, styles);
    for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
    return created;
  }

  const host = element("div", { all: "initial", position: "fixed", insetInlineEnd: "16px", insetBlockEnd: "16px", zIndex: "2147483000" }, { lang: lang || document.documentElement.lang });
  const panel = element("div", {
    background: "Canvas", border: "1px solid GrayText", borderRadius: "12px", bottom: "60px", boxShadow: "0 8px 32px rgb(0 0 0 / 25%)", color: "CanvasText",
    colorScheme: "light dark", display: "none", font: "16px/1.5 system-ui, sans-serif", height: "min(640px, calc(100dvh - 92px))", insetInlineEnd: "0", overflow: "hidden", position: "absolute", width: "min(400px, calc(100vw - 32px))",
  }, { role: "dialog", "aria-label": name, id: "panel" });
  const button = element("button", {
    background: "#111827", border: "2px solid #fff", borderRadius: "999px", color: "#fff", cursor: "pointer", font: "600 16px/1.5 system-ui, sans-serif", minHeight: "48px", padding: "8px 20px",
  }, { type: "button", "aria-expanded": "false", "aria-controls": "panel" });
  button.textContent = name;

  function load() {
    notice = element("p", { margin: "16px" }, { role: "status" });
    frame = element("iframe", { border: "0", height: "100%", width: "100%" }, { src: address, title: name });
    panel.replaceChildren(notice, frame);
    timer = setTimeout(fail, WAIT);
    // A page that the browser refused loads, too, but never says that it is ready.
    frame.addEventListener("load", () => { if (!isReady) { clearTimeout(timer); timer = setTimeout(fail, 1500); } });
  }

  function fail() {
    if (isReady) return;
    frame.remove();
    frame = null;
    notice.textContent = script.dataset.unavailable || "Help is not available on this page.";
  }

  function isOpen() { return panel.style.display === "block"; }

  function open() {
    if (isOpen()) return;
    panel.style.display = "block";
    button.setAttribute("aria-expanded", "true");
    if (!frame) load();
    frame.focus();
  }

  function close() {
    if (!isOpen()) return;
    panel.style.display = "none";
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  function handOver() {
    // An empty one signs out; none was never set.
    if (token !== undefined && isReady) frame.contentWindow.postMessage({ supportsiteToken: token }, service);
  }

  window.addEventListener("message", (event) => {
    if (event.origin !== service || !frame || event.source !== frame.contentWindow || !event.data) return;
    if (event.data.supportsite === "ready") { isReady = true; clearTimeout(timer); notice.remove(); handOver(); }
    if (event.data.supportsite === "close") close();
  });

  button.addEventListener("click", () => (isOpen() ? close() : open()));
  host.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

  // The frame comes after the button in the order of the keyboard.
  host.attachShadow({ mode: "open" }).append(button, panel);
  const start = () => document.body.append(host);
  if (document.body) start(); else addEventListener("DOMContentLoaded", start);

  window.supportsite = { open, close, setToken(value) { token = value ? String(value) : ""; handOver(); } };
})();
