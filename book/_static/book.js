// Boxes that scroll sideways can be reached by keyboard. The theme does this for code, not for tables and formulas.
(() => {
  "use strict";
  const boxes = ".pst-scrollable-table-container, div.math, .cell_output > *, .bd-article pre";
  const reach = () => {
    for (const box of document.querySelectorAll(boxes)) {
      const scrolls = box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== "visible";
      if (scrolls && !box.hasAttribute("tabindex")) {
        box.tabIndex = 0;
        box.dataset.reached = "";
      } else if (!scrolls && "reached" in box.dataset) {
        box.removeAttribute("tabindex");
        delete box.dataset.reached;
      }
    }
  };
  let pending = 0;
  const later = () => {
    clearTimeout(pending);
    pending = setTimeout(reach, 100);
  };
  window.addEventListener("load", () => {
    reach();
    window.MathJax?.startup?.promise?.then(reach);
  });
  window.addEventListener("resize", later);
  document.addEventListener("toggle", later, true);
  document.addEventListener("click", later);
})();
