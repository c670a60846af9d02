// What a script adds to the inbox: keys, a draft that saves itself, and FAQs put in without a page
// load. htmx, which Unfold loads, asks for the parts again.

const reply = document.querySelector("#id_reply");
const form = document.querySelector("#inbox-reply");
const status = document.querySelector("#inbox-status");
const keys = document.querySelector("#inbox-keys");

// --- Keyboard ---

const rows = () => [...document.querySelectorAll(".inbox-rows a")];

function open(step) {
  const all = rows();
  const now = all.findIndex((row) => row.getAttribute("aria-current"));
  const next = all[now < 0 ? 0 : now + step];
  if (next) next.click();
}

const pressed = {
  j: () => open(1),
  k: () => open(-1),
  r: () => reply?.focus(),
  n: () => (reply?.value.trim() ? form.querySelector("[name=note]").click() : reply?.focus()),
  e: () => document.querySelector("[form=inbox-reply][name=resolve]")?.click(),
  "?": () => keys.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.target === reply && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.querySelector("[name=send]").click();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
  if (event.target === reply && event.key === "Escape") reply.blur();
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const act = pressed[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

const opener = document.querySelector("[data-opens=inbox-keys]");
opener.hidden = false;
opener.addEventListener("click", pressed["?"]);

// --- The draft ---

const SAVE_EVERY = 2000;
let saving;
let isSubmitted = false;
let saved = reply?.value;

function save() {
  clearTimeout(saving);
  saving = undefined;
  if (isSubmitted || reply.value === saved) return;
  saved = reply.value;
  // keepalive: it arrives although the page is left.
  const body = new FormData(form);
  // Files are sent with the reply; a browser refuses them in what outlives the page.
  body.delete("attachments");
  fetch(form.dataset.draft, { method: "POST", body, keepalive: true });
}

if (reply) {
  reply.addEventListener("input", () => {
    saving ??= setTimeout(save, SAVE_EVERY);
  });
  window.addEventListener("pagehide", save);
  form.addEventListener("submit", () => {
    isSubmitted = true;
  });
}

// --- FAQs ---

document.addEventListener("click", (event) => {
  const answer = event.target.dataset?.answer;
  if (answer === undefined || !reply) return;
  event.preventDefault();
  const gap = reply.value && !reply.value.endsWith("\n") ? "\n\n" : "";
  reply.value += gap + answer;
  reply.dispatchEvent(new Event("input"));
  reply.focus();
});

// --- What htmx brings ---

// Signed out meanwhile: the reply is the sign-in page, which belongs in no part.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!new URL(event.detail.xhr.responseURL).pathname.startsWith("/admin/tickets/inbox/")) {
    event.detail.shouldSwap = false;
    window.location.reload();
  }
});

let entries = document.querySelectorAll(".inbox-entries li").length;
document.addEventListener("htmx:afterSwap", () => {
  const now = document.querySelectorAll(".inbox-entries li").length;
  if (now > entries) status.textContent = "There is a new message.";
  entries = now;
});
