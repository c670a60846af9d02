// What a script adds to the inbox: keys, a draft that saves itself, and answers of FAQs inserted
// without a page load. htmx, which Unfold loads, reloads the parts of the page.

const reply = document.querySelector("#id_reply");
const form = document.querySelector("#inbox-reply");
const status = document.querySelector("#inbox-status");
const keys = document.querySelector("#inbox-keys");

// --- Keyboard ---

const rows = () => [...document.querySelectorAll(".inbox-rows a")];

function open(step) {
  const links = rows();
  const current = links.findIndex((row) => row.getAttribute("aria-current"));
  const next = links[current < 0 ? 0 : current + step];
  if (next) next.click();
}

const shortcuts = {
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
  const action = shortcuts[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

const opener = document.querySelector("[data-opens=inbox-keys]");
opener.hidden = false;
opener.addEventListener("click", shortcuts["?"]);

// --- The draft ---

const SAVE_EVERY = 2000;
let saveTimer;
let isSubmitted = false;
let savedText = reply?.value;

function save() {
  clearTimeout(saveTimer);
  saveTimer = undefined;
  if (isSubmitted || reply.value === savedText) return;
  savedText = reply.value;
  // keepalive: the request continues after the user leaves the page.
  const body = new FormData(form);
  // Files are sent with the reply only; a keepalive request is limited to 64 KB.
  body.delete("attachments");
  fetch(form.dataset.draft, { method: "POST", body, keepalive: true });
}

if (reply) {
  reply.addEventListener("input", () => {
    saveTimer ??= setTimeout(save, SAVE_EVERY);
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
  const separator = reply.value && !reply.value.endsWith("\n") ? "\n\n" : "";
  reply.value += separator + answer;
  reply.dispatchEvent(new Event("input"));
  reply.focus();
});

// --- Parts that htmx reloads ---

// After a sign-out the response is the sign-in page: reload the whole page to show it.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!new URL(event.detail.xhr.responseURL).pathname.startsWith("/admin/tickets/inbox/")) {
    event.detail.shouldSwap = false;
    window.location.reload();
  }
});

let entries = document.querySelectorAll(".inbox-entries li").length;
document.addEventListener("htmx:afterSwap", () => {
  const count = document.querySelectorAll(".inbox-entries li").length;
  if (count > entries) status.textContent = "There is a new message.";
  entries = count;
});
