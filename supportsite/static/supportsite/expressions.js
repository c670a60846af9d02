// The policy of the pages allows no eval, so they run Alpine's build for such policies (vendored/).
// That cannot read a few expressions in Unfold's templates: several statements, arrow functions and
// global variables. They are rewritten here, before Alpine reads them.
document.addEventListener("alpine:init", () => {
  const SIDEBAR = "sidebarDesktopOpen";

  const functions = {
    currentTab: getCurrentTab,
    sidebarIsOpen: () => localStorage.getItem(SIDEBAR) !== "0",
    setSidebar(isOpen) {
      localStorage.setItem(SIDEBAR, isOpen ? "1" : "0");
      return isOpen;
    },
    address: (tab) => location.pathname + location.search + (tab && tab !== "general" ? `#${tab}` : ""),
    clearOrLeave(field) {
      if (field.value === "") field.blur();
      else field.value = "";
      return false;
    },
    // A choice in a row that was just added has the name of the row's template.
    nameLikeRow(choice) {
      const input = choice.querySelector("input");
      if (input.name.includes("__prefix__")) input.name = choice.parentElement.querySelector("input").name;
    },
  };

  const REWRITTEN = [
    ["(localStorage.getItem('sidebarDesktopOpen') !== null) ? (localStorage.getItem('sidebarDesktopOpen') == '1') : true", "$desk.sidebarIsOpen()"],
    ["getCurrentTab()", "$desk.currentTab()"],
    ["$watch('sidebarDesktopOpen', value => localStorage.setItem('sidebarDesktopOpen', value ? '1' : '0'));", ""],
    ["sidebarDesktopOpen = !sidebarDesktopOpen; localStorage.setItem('sidebarDesktopOpen', sidebarDesktopOpen ? '1' : '0');", "sidebarDesktopOpen = $desk.setSidebar(!sidebarDesktopOpen)"],
    ["activeTab && activeTab !== 'general' ? window.location.pathname + window.location.search + '#' + activeTab : window.location.pathname + window.location.search", "$desk.address(activeTab)"],
    ["openSearchResults = true; currentIndex = 0", "(openSearchResults = true) && (currentIndex = 0)"],
    ["openSearchResults = false; if ($refs.searchInput.value === '') { $refs.searchInput.blur() } else { $refs.searchInput.value = '' }", "openSearchResults = $desk.clearOrLeave($refs.searchInput)"],
    ["if (!$event.metaKey && !$event.ctrlKey) selectItem(", "$event.metaKey || $event.ctrlKey || selectItem("],
    ["if ($el.getElementsByTagName('input')[0].name.includes('__prefix__')) { $el.getElementsByTagName('input')[0].name = $el.parentElement.getElementsByTagName('input')[0].name }", "$desk.nameLikeRow($el)"],
    // As an object Alpine sets it by script, which the policy allows; as a text in an attribute.
    ["'width: ' + changeListWidth + 'px'", "{ width: changeListWidth + 'px' }"],
  ];

  Alpine.magic("desk", () => functions);
  for (const component of [searchCommand, searchDropdown, searchForm, theme]) Alpine.data(component.name, component);
  const rewrite = (text) => REWRITTEN.reduce((result, [from, to]) => result.replace(from, () => to), text);
  Alpine.mapAttributes(({ name, value }) => ({ name, value: typeof value === "string" ? rewrite(value) : value }));
});

// Its rule for elements that wait would be a style in the page, too; Unfold has its own.
htmx.config.includeIndicatorStyles = false;
