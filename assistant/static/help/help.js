// Improves the help page where scripts run: sends without leaving the page, says what happens
// meanwhile, and in a frame talks to the widget. Without it every form works, too.
"use strict";

(() => {
  const EVENTS = "text/event-stream";
  const framed = window.parent !== window;
  const origins = (document.body.dataset.origins || "").split(" ").filter(Boolean);
  let token = "";

  // --- In a frame -------------------------------------------------------------------------------

  function tell(kind) {
    // To whatever page has the frame: nothing in it is secret.
    if (framed) window.parent.postMessage({ supportsite: kind }, "*");
  }

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || !origins.includes(event.origin)) return;
    if (!event.data || typeof event.data.supportsiteToken !== "string") return;
    token = event.data.supportsiteToken;
    if (!token) signOut();
  });

  async function signOut() {
    const response = await fetch(document.body.dataset.signOut, { method: "POST" });
    if (response.status === 205) location.replace(document.querySelector(".name").href);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell("close");
  });

  // --- Sending ----------------------------------------------------------------------------------

  function say(text) {
    const status = document.getElementById("status");
    // The same text again would be read out again.
    if (status && status.textContent !== text) status.textContent = text;
  }

  function show(html, address) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const main = page.getElementById("main");
    document.getElementById("main").replaceWith(main);
    document.querySelector("header").replaceWith(page.querySelector("header"));
    document.title = page.title;
    if (address) history.replaceState(null, "", address);
    const last = main.querySelector("[data-last]") || main;
    last.focus({ preventScroll: true });
    last.scrollIntoView({ block: "start" });
  }

  // Steps as they happen; the page is loaded again for the answer, since the server writes it.
  async function follow(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
      // The server sends comments while the model works, and its steps when they are over.
      if (/^: |"step": ?"(model_request|tool_call|agent)"/m.test(text)) say(document.body.dataset.writing);
    }
    const problem = /^event: problem\ndata: (.*)$/m.exec(text);
    if (problem) throw new Error(JSON.parse(problem[1]).detail);
  }

  async function send(form, button) {
    const body = new URLSearchParams(new FormData(form));
    if (button && button.name) body.set(button.name, button.value);
    const streams = "streams" in form.dataset;
    const headers = { Accept: streams ? EVENTS : "text/html" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const response = await fetch(form.action, { method: "POST", body, headers });
    const kind = response.headers.get("Content-Type") || "";
    if (!kind.startsWith(EVENTS)) return show(await response.text(), response.ok ? response.url : "");
    await follow(response);
    const address = new URL(location.href);
    address.searchParams.set("sent", "1");
    address.hash = "";
    show(await (await fetch(address)).text(), address);
    offerAgain(body.get("message"));
  }

  // A frame without cookies shows no conversation; a page of its own does.
  function offerAgain(message) {
    const form = document.querySelector("form[data-again]");
    if (!form || !message) return;
    form.elements.message.value = message;
    form.hidden = false;
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post" || form.target) return;
    event.preventDefault();
    clearTimeout(pause);
    const buttons = form.querySelectorAll("button");
    buttons.forEach((each) => { each.disabled = true; });
    if ("streams" in form.dataset) say(document.body.dataset.searching);
    try {
      await send(form, event.submitter);
    } catch (error) {
      say(error instanceof TypeError ? document.body.dataset.failed : error.message);
      buttons.forEach((each) => { each.disabled = false; });
    }
  });

  // --- While somebody types ---------------------------------------------------------------------

  const PAUSE = 300;
  let pause, typing;

  async function suggest(field) {
    const list = document.getElementById("questions");
    if (!list) return;
    if (typing) typing.abort();
    if (field.value.trim().length < 3) return list.replaceChildren();
    typing = new AbortController();
    try {
      const body = new URLSearchParams({ message: field.value });
      const response = await fetch(document.body.dataset.questions, { method: "POST", body, signal: typing.signal });
      if (!response.ok || !list.isConnected) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      list.replaceChildren(...page.body.childNodes);
    } catch {
      // Only a convenience: the question can be sent without it.
    }
  }

  document.addEventListener("input", (event) => {
    if (event.target.id !== "message") return;
    clearTimeout(pause);
    pause = setTimeout(suggest, PAUSE, event.target);
  });

  // Enter sends a question; Shift and Enter begin a new line.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target.id !== "message") return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });

  tell("ready");
})();
