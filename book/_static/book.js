// Boxes that scroll sideways can be reached by keyboard. The theme does this for code, not for tables and formulas.
(() => {
  "use strict";
  const boxes = ".pst-scrollable-table-container, div.math, .cell_output > *, .bd-article pre";
  // On a phone a wide figure would be too small to read: it keeps a width at which it is not, in a box that scrolls.
  const enlarge = () => {
    const phone = matchMedia("(max-width: 600px)").matches;
    for (const picture of document.querySelectorAll("img[src*='_images/']")) {
      if (picture.parentElement.matches(".cell_output") && phone && picture.naturalWidth > 700) {
        const box = document.createElement("div");
        box.className = "wide-figure";
        picture.replaceWith(box);
        box.append(picture);
      }
    }
  };
  const reach = () => {
    enlarge();
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
