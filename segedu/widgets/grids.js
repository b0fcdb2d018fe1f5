// Grids of numbers: a square with a text for each cell, frames around some, and a way to point at one.
import { pixelAfterKey, pixelAt } from "./labels.js";
import { h, say, uniqueId } from "./parts.js";

/** The size of a cell's text in parts of the cell: long numbers are smaller. */
export function textSize(text) {
  return [0.5, 0.5, 0.46, 0.38, 0.3][Math.min(4, String(text).length)];
}

/**
 * A grid that is shown again and again with other numbers.
 *
 * With `onPoint([row, col])` mouse, finger and arrow keys point at its cells, and `onLeave()` is called when the
 * mouse or the focus goes. `help` says what the keys do, for those who do not see the page.
 */
export function createGrid({ title, help, onPoint = null, onLeave = null }) {
  const heading = h("p", { class: "grid-title" });
  const svg = h("svg", { "aria-hidden": "true" });
  const helpId = uniqueId("help");
  const board = onPoint
    ? h("div", { class: "grid-board", tabindex: 0, role: "application", "aria-roledescription": "grid of cells", "aria-describedby": helpId }, svg)
    : h("div", { class: "grid-board", role: "img" }, svg);
  const node = h("div", { class: "grid", "data-grid": title }, heading, board);
  if (onPoint) node.append(h("span", { id: helpId, class: "unseen" }, help));
  let size = [1, 1];
  let cursor = null;

  if (onPoint) {
    const here = (event) => pixelAt(event.clientX, event.clientY, svg.getBoundingClientRect(), size);
    const point = (cell) => {
      cursor = cell;
      onPoint(cell);
    };
    board.addEventListener("pointermove", (event) => {
      const cell = here(event);
      if (cursor === null || cell[0] !== cursor[0] || cell[1] !== cursor[1]) point(cell);
    });
    board.addEventListener("pointerdown", (event) => point(here(event)));
    board.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const next = pixelAfterKey(event.key, false, cursor, size);
      if (!next) return;
      point(next);
      event.preventDefault();
    });
    const leave = () => {
      cursor = null;
      onLeave?.();
    };
    board.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && document.activeElement !== board) leave();
    });
    board.addEventListener("blur", leave);
  }

  return {
    node,
    board,
    /** Where the arrow keys start from. */
    setCursor(cell) {
      cursor = cell;
    },
    /**
     * Show `rows` × `cols` cells. `cellOf(row, col)` is { text, kind, fill, opacity }; `kind` is a class of the style
     * sheet. `frames` are [top, left, height, width, kind], `rules` draw a thick line after so many rows and columns.
     */
    show({ heading: words, label, rows, cols, cellOf, frames = [], rules = null, texts = true }) {
      size = [rows, cols];
      say(heading, words);
      board.setAttribute("aria-label", label);
      node.style.setProperty("--cols", cols);
      svg.setAttribute("viewBox", `0 0 ${cols} ${rows}`);
      const parts = [];
      for (let row = 0; row < rows; row++) {
        for (let col = 0; col < cols; col++) {
          const { text = "", kind = "", fill = null, ink = null, opacity = null } = cellOf(row, col);
          const style = `${fill ? `fill:${fill};` : ""}${opacity === null ? "" : `fill-opacity:${opacity};`}`;
          parts.push(`<rect class="cell ${kind}" x="${col}" y="${row}" width="1" height="1"${style ? ` style="${style}"` : ""}/>`);
          if (texts && text !== "") {
            parts.push(`<text class="${kind}" x="${col + 0.5}" y="${row + 0.5}" font-size="${textSize(text)}"${ink ? ` style="fill:${ink}"` : ""}>${text}</text>`);
          }
        }
      }
      if (rules) {
        const lines = [];
        for (let row = rules[0]; row < rows; row += rules[0]) lines.push(`M0 ${row}H${cols}`);
        for (let col = rules[1]; col < cols; col += rules[1]) lines.push(`M${col} 0V${rows}`);
        parts.push(`<path class="rules" d="${lines.join("")}"/>`);
      }
      for (const [top, left, height, width, kind] of frames) {
        parts.push(`<rect class="frame ${kind}" x="${left}" y="${top}" width="${width}" height="${height}"/>`);
      }
      svg.innerHTML = parts.join("");
    },
  };
}

/** All numbers of a grid in words: "2, 1; 1, 3". */
export function readOut(numbers) {
  return numbers.map((row) => row.join(", ")).join("; ");
}

/** A choice of a few with its name in sight. `choice` comes from `segmented`. */
export function named(text, choice) {
  return h("div", { class: "named" }, h("span", { class: "soft", "aria-hidden": "true" }, text), choice.node);
}
