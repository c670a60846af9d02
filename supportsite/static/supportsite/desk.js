// The pages show times in the time zone of this cookie.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const secure = location.protocol === "https:" ? "; secure" : "";
if (zone) document.cookie = `time_zone=${zone}; path=/admin/; max-age=31536000; samesite=lax${secure}`;

// Unfold opens its menus from elements that only a mouse reaches: give them to the keyboard too.
document.addEventListener("DOMContentLoaded", () => {
  // An icon is a word in a font of its own, which a screen reader would read out.
  for (const icon of document.querySelectorAll(".material-symbols-outlined")) icon.ariaHidden = "true";
  // SimpleBar calls every part that scrolls the same, unless it has a name.
  document.querySelector("#nav-sidebar-apps")?.setAttribute("data-simplebar-aria-label", "Menu");
  document.querySelector("#searchbar-submit")?.setAttribute("aria-label", "Search");
  document.querySelector("#nav-sidebar a.active")?.setAttribute("aria-current", "page");
  const onlyForMice = "[x-on\\:click]:not(a[href], button, input, tr, td, #changelist-filter-close)";
  for (const element of document.querySelectorAll(onlyForMice)) {
    element.tabIndex = 0;
    element.setAttribute("role", "button");
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      element.click();
    });
  }
  // The sheet of filters stands at the end of the page.
  document.querySelector(".desk-filters")?.addEventListener("click", () => {
    setTimeout(() => document.querySelector("#changelist-filter a")?.focus());
  });
});
