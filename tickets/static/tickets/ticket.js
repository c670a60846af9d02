// Alt and the letter of aria-keyshortcuts presses a button, follows a link or goes to a field. Not
// accesskey: its keys differ from browser to browser.
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.getModifierState("AltGraph")) return;
  const letter = event.code.replace(/^Key/, "");
  const target = document.querySelector(`[aria-keyshortcuts="Alt+${CSS.escape(letter)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("button, a")) target.click();
  else target.focus();
});

// Insert an FAQ's answer into the reply, and search for other FAQs. Ctrl+Enter sends the reply.
document.addEventListener("DOMContentLoaded", () => {
  const reply = document.querySelector("#id_reply");
  const canned = document.querySelector(".ticket-canned");
  if (!reply || !canned) return;
  const list = canned.querySelector("ul");
  const search = canned.querySelector("input");

  list.addEventListener("click", (event) => {
    const answer = event.target.dataset?.answer;
    if (answer === undefined) return;
    const separator = reply.value && !reply.value.endsWith("\n") ? "\n\n" : "";
    reply.value += separator + answer;
    reply.focus();
  });

  reply.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    document.querySelector("button[name=_save]")?.click();
  });

  let timer;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(searchFaqs, 250);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });

  async function searchFaqs() {
    const searchWords = search.value.trim();
    if (!searchWords) return;
    const response = await fetch(`${canned.dataset.url}?${new URLSearchParams({ q: searchWords })}`);
    if (!response.ok || search.value.trim() !== searchWords) return;
    const { results } = await response.json();
    list.replaceChildren(...results.map(listItem));
  }

  function listItem(faq) {
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      textContent: "Insert",
      title: faq.answer,
    });
    button.dataset.answer = faq.answer;
    const question = Object.assign(document.createElement("span"), { textContent: faq.question, dir: "auto" });
    const similarity = Object.assign(document.createElement("small"), { textContent: faq.similarity.toFixed(2) });
    const item = document.createElement("li");
    item.append(button, " ", question, " ", similarity);
    return item;
  }
});
