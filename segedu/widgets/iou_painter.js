// IoUPainter: paint truth and prediction on a grid; intersection, union, and what follows from them.
import { borderPath, pixelAfterKey, pixelAt, plural, score } from "./labels.js";
import { bind, h, prepare, put, say, segmented, uniqueId } from "./parts.js";
import { cellsBetween } from "./strokes.js";

/** Cells of two masks, strings of 0 and 1: in both, predicted only, true only, in neither. */
export function overlap(preds, target) {
  const n = { tp: 0, fp: 0, fn: 0, tn: 0 };
  for (let k = 0; k < target.length; k++) n[kindOf(preds[k], target[k])] += 1;
  return n;
}

function kindOf(pred, truth) {
  if (truth === "1") return pred === "1" ? "tp" : "fn";
  return pred === "1" ? "fp" : "tn";
}

/** Every score from the counts; 0 / 0 is NaN, in JavaScript as in Python. */
export function overlapScores({ tp, fp, fn, tn }) {
  return {
    iou: tp / (tp + fp + fn),
    dice: (2 * tp) / (tp + fp + (tp + fn)),
    pixel_accuracy: (tp + tn) / (tp + fp + fn + tn),
    precision: tp / (tp + fp),
    recall: tp / (tp + fn),
  };
}

/** The fraction behind each score, in numbers. */
export function fractions({ tp, fp, fn, tn }) {
  return {
    iou: `intersection ${tp} / union ${tp + fp + fn}`,
    dice: `2 × ${tp} / (${tp + fp} + ${tp + fn})`,
    pixel_accuracy: `(${tp} + ${tn}) / ${tp + fp + fn + tn}`,
    precision: `${tp} / ${tp + fp}`,
    recall: `${tp} / ${tp + fn}`,
  };
}

/** What the two masks have in common and what that means for the scores. */
export function overlapSentence(counts) {
  const { tp, fp, fn, tn } = counts;
  const cells = tp + fp + fn + tn;
  const accuracy = score(overlapScores(counts).pixel_accuracy);
  if (tp + fp + fn === 0) {
    return "Both are empty. IoU is 0 / 0: undefined, so a mean leaves it out. "
      + `Pixel accuracy is ${accuracy}: ${plural(cells, "cell")} of background.`;
  }
  if (fp + fn === 0) return `Truth and prediction are the same ${plural(tp, "cell")}: every score is 1.`;
  if (tp + fp === 0) {
    return `Nothing is predicted: IoU is 0. Pixel accuracy is ${accuracy} all the same, `
      + `since ${tn} of ${plural(cells, "cell")} ${tn === 1 ? "is" : "are"} right.`;
  }
  if (tp + fn === 0) {
    return `Nothing is true, so each of ${plural(fp, "predicted cell")} is invented: IoU is 0. `
      + `Pixel accuracy is ${accuracy}.`;
  }
  if (tp === 0) {
    return `Truth and prediction share no cell: IoU is 0, near or far. Pixel accuracy is ${accuracy}.`;
  }
  return `They share ${plural(tp, "cell")} of the ${tp + fp + fn} that they cover together: ${fn} missed, `
    + `${fp} invented. Cells in neither, ${tn}, count for pixel accuracy only.`;
}

/** Both masks after a pen, "target", "preds" or "eraser", went over some cells. */
export function painted({ preds, target }, pen, cells, width) {
  const mark = (mask, value) => {
    const marked = [...mask];
    for (const [row, col] of cells) marked[row * width + col] = value;
    return marked.join("");
  };
  return {
    preds: pen === "target" ? preds : mark(preds, pen === "preds" ? "1" : "0"),
    target: pen === "preds" ? target : mark(target, pen === "target" ? "1" : "0"),
  };
}

/** SVG path of the cells for which `inside(k)` holds, each row's neighbours as one. */
export function cellsPath([height, width], inside) {
  const parts = [];
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      let end = col;
      while (end < width && inside(row * width + end)) end += 1;
      if (end > col) parts.push(`M${col} ${row}H${end}v1H${col}z`);
      col = end;
    }
  }
  return parts.join("");
}

const KINDS = [["fn", "truth only: missed"], ["tp", "both: right"], ["fp", "prediction only: invented"]];
const HERE = { fn: "truth only", tp: "both", fp: "prediction only", tn: "neither" };
const NAMES = { dice: "Dice", pixel_accuracy: "Pixel accuracy", precision: "Precision", recall: "Recall" };
const PENS = [["target", "Truth", "fn"], ["preds", "Prediction", "fp"], ["eraser", "Eraser", null]];
const PEN_KEYS = { t: "target", p: "preds", e: "eraser" };
const HELP = "Arrow keys move by one cell, Space paints it with the pen, and Shift with an arrow key paints on the way. "
  + "T, P and E take the pen for truth, the pen for the prediction, and the eraser. Delete clears the cell. "
  + "Control and Z take back.";

/** The fills that tell the regions apart: stripes, one colour, dots. Pattern ids begin with `name`. */
function patterns(name) {
  return `<defs>
    <pattern id="${name}-fn" width="0.5" height="0.5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <path class="ground fn" d="M0 0H.5V.5H0z"/><path class="ink fn" d="M0 0H.14V.5H0z"/></pattern>
    <pattern id="${name}-fp" width="0.5" height="0.5" patternUnits="userSpaceOnUse">
      <path class="ground fp" d="M0 0H.5V.5H0z"/><path class="ink fp" d="M.17 .25a.08 .08 0 1 0 .16 0a.08 .08 0 1 0 -.16 0z"/></pattern>
    <pattern id="${name}-tp" width="1" height="1" patternUnits="userSpaceOnUse">
      <path class="ground tp" d="M0 0H1V1H0z"/></pattern>
  </defs>`;
}

/** The grid as a picture, with the cell cursor. */
function createGrid([height, width], name, helpId) {
  const svg = h("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  svg.innerHTML = patterns(name);
  const fills = KINDS.map(([kind]) => [kind, h("path", { class: "cells", fill: `url(#${name}-${kind})`, "data-kind": kind })]);
  const rows = Array.from({ length: height - 1 }, (_, k) => `M0 ${k + 1}H${width}`);
  const columns = Array.from({ length: width - 1 }, (_, k) => `M${k + 1} 0V${height}`);
  const outlines = ["target", "preds"].map((mask) => [mask, h("path", { class: `edge ${mask}` })]);
  const cursor = h("rect", { class: "cell-cursor", width: 1, height: 1 });
  svg.append(...fills.map(([, path]) => path), h("path", { class: "mesh", d: rows.join("") + columns.join("") }),
    ...outlines.map(([, path]) => path), cursor);
  const node = h("div", {
    class: "iou-grid", tabindex: 0, role: "application", "aria-roledescription": "grid to paint on",
    "aria-label": `Grid of ${height} rows and ${width} columns`, "aria-describedby": helpId,
    style: `aspect-ratio: ${width} / ${height}`,
  }, svg);
  return {
    node,
    show(preds, target) {
      for (const [kind, path] of fills) {
        path.setAttribute("d", cellsPath([height, width], (k) => kindOf(preds[k], target[k]) === kind));
      }
      for (const [mask, path] of outlines) {
        const ids = [...(mask === "preds" ? preds : target)].map(Number);
        path.setAttribute("d", borderPath(ids, [height, width], [0, 1], true));
      }
    },
    point([row, col]) {
      cursor.setAttribute("x", col);
      cursor.setAttribute("y", row);
    },
  };
}

export function render({ model, el }) {
  prepare(el);
  const size = model.get("size");
  const [, width] = size;
  const name = uniqueId("iou");
  const grid = createGrid(size, name, `${name}-help`);
  const help = h("span", { id: `${name}-help`, class: "unseen" }, HELP);
  const status = h("p", { class: "unseen", role: "status" });

  // ---- what is painted, and the way back

  const past = [];
  const masks = () => ({ preds: model.get("preds_cells"), target: model.get("target_cells") });
  const same = (a, b) => a.preds === b.preds && a.target === b.target;
  const write = ({ preds, target }) => {
    model.set("preds_cells", preds);
    model.set("target_cells", target);
    model.save_changes();
  };
  const counts = () => overlap(model.get("preds_cells"), model.get("target_cells"));
  const tell = (where) => {
    const n = counts();
    say(status, `${where}${fractions(n).iou}, IoU ${score(overlapScores(n).iou)}.`);
  };
  /** Change the masks as one step that can be taken back; then tell `where`, a text or a function that makes one. */
  const change = (next, where = "") => {
    const before = masks();
    if (!same(before, next)) {
      past.push(before);
      write(next);
      undo.disabled = false;
    }
    tell(typeof where === "function" ? where() : where);
  };
  const takeBack = () => {
    if (past.length === 0) return;
    write(past.pop());
    undo.disabled = past.length === 0;
    tell("Taken back: ");
  };

  // ---- mouse and finger

  let last = null; // the cell that a stroke has reached
  let before = null; // the masks before the stroke
  let cursor = [Math.floor(size[0] / 2), Math.floor(width / 2)];
  const cellOf = (event) => pixelAt(event.clientX, event.clientY, grid.node.firstChild.getBoundingClientRect(), size);
  const move = (cell) => {
    cursor = cell;
    grid.point(cell);
  };
  const stroke = (event) => {
    const cell = cellOf(event);
    write(painted(masks(), model.get("pen"), cellsBetween(last ?? cell, cell), width));
    move(cell);
    last = cell;
  };
  const lift = () => {
    if (before === null) return;
    if (!same(before, masks())) past.push(before);
    undo.disabled = past.length === 0;
    last = before = null;
    tell("");
  };
  grid.node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    grid.node.setPointerCapture(event.pointerId);
    before = masks();
    stroke(event);
  });
  grid.node.addEventListener("pointermove", (event) => {
    if (before !== null && event.isPrimary) stroke(event);
  });
  grid.node.addEventListener("pointerup", lift);
  grid.node.addEventListener("pointercancel", lift);

  // ---- keys

  const paintAt = (cell, pen = model.get("pen")) =>
    change(painted(masks(), pen, [cell], width), () => `${placeOf(cell)}. `);
  const placeOf = ([row, col]) => {
    const { preds, target } = masks();
    return `Row ${row}, column ${col}: ${HERE[kindOf(preds[row * width + col], target[row * width + col])]}`;
  };
  grid.node.addEventListener("keydown", (event) => {
    if (event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "z" || event.shiftKey) return;
      takeBack();
      event.stopPropagation();
    } else {
      const next = pixelAfterKey(event.key, false, cursor, size);
      const pen = PEN_KEYS[event.key.toLowerCase()];
      if (next) {
        move(next);
        if (event.shiftKey) paintAt(next);
        else say(status, `${placeOf(next)}.`);
      } else if (event.key === " " || event.key === "Enter") paintAt(cursor);
      else if (event.key === "Delete" || event.key === "Backspace") paintAt(cursor, "eraser");
      else if (pen) {
        put(model, "pen", pen);
        say(status, `Pen: ${PENS.find(([key]) => key === pen)[1]}.`);
      } else return;
    }
    event.preventDefault();
  });

  // ---- controls

  const sample = (kind) => {
    const svg = h("svg", { class: "iou-sample", viewBox: "0 0 1.5 1", "aria-hidden": "true" });
    svg.append(h("rect", { width: 1.5, height: 1, fill: kind ? `url(#${name}-${kind})` : "none" }));
    return svg;
  };
  const pens = segmented("Pen", PENS.map(([pen, text, kind]) => [pen, h("span", { class: "iou-pen" }, sample(kind), text)]),
    (pen) => put(model, "pen", pen));
  const button = (text, onclick) => h("button", { type: "button", class: "chip", onclick }, text);
  const undo = button("Undo", takeBack);
  undo.disabled = true;
  const swap = button("Swap", () => {
    const { preds, target } = masks();
    change({ preds: target, target: preds }, "Truth and prediction are swapped: ");
  });
  swap.setAttribute("aria-label", "Swap truth and prediction");
  const clear = button("Clear", () => {
    const empty = "0".repeat(model.get("target_cells").length);
    change({ preds: empty, target: empty });
  });
  const examples = model.get("data").presets.map((preset) => ({
    ...preset, node: button(preset.name, () => change({ preds: preset.preds, target: preset.target })),
  }));
  const groups = [...new Set(examples.map(({ group }) => group))].map((group) => h(
    "div", { class: "chips", role: "group", "aria-label": group }, h("span", { class: "soft" }, group),
    ...examples.filter((example) => example.group === group).map(({ node }) => node)));

  // ---- read-outs

  const legend = KINDS.map(([kind, text]) => {
    const number = h("strong", { "data-count": kind });
    return { kind, number, node: h("li", {}, sample(kind), h("span", {}, text), number) };
  });
  const bar = h("svg", { class: "iou-bar", viewBox: "0 0 18 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  const shares = KINDS.map(([kind]) => [kind, h("rect", { height: 1, fill: `url(#${name}-${kind})` })]);
  const frame = h("path", { class: "bar-edge" });
  bar.append(...shares.map(([, rect]) => rect), frame);
  const [above, below, value] = [h("span"), h("span"), h("strong", { class: "iou-value" })];
  const iou = h("div", { class: "iou-main", "data-equation": "iou" }, h("span", { class: "iou-fraction" },
    above, h("span", { class: "unseen" }, " / "), below), " = ", value);
  const scores = Object.entries(NAMES).map(([key, title]) => {
    const [fraction, number] = [h("span", { class: "soft" }), h("strong")];
    const node = h("li", {}, h("span", { class: "iou-name" }, title),
      h("span", { class: "iou-equation", "data-equation": key }, fraction, " ", number));
    return { key, fraction, number, node };
  });
  const note = h("p", { class: "iou-note" });
  const sentence = h("p", { class: "iou-sentence" });
  const caption = h("p", { class: "caption" });

  el.append(
    help, status,
    h("div", { class: "bar first" }, pens.node, h("div", { class: "chips" }, undo, swap, clear)),
    h("div", { class: "iou-board" },
      h("div", { class: "iou-column" }, grid.node, h("div", { class: "iou-presets" }, ...groups, note)),
      h("div", { class: "iou-column" },
        h("div", { class: "iou-head" },
          h("p", { class: "iou-title" }, "Intersection over union"), iou, bar,
          h("ul", { class: "iou-legend" }, ...legend.map(({ node }) => node))),
        h("div", { class: "iou-rest" }, h("ul", { class: "iou-scores" }, ...scores.map(({ node }) => node)), sentence))),
    caption,
  );

  const stops = [
    bind(model, ["preds_cells", "target_cells"], () => {
      const now = masks();
      const n = counts();
      const [union, result, fraction] = [n.tp + n.fp + n.fn, overlapScores(n), fractions(n)];
      grid.show(now.preds, now.target);
      legend.forEach(({ kind, number }) => say(number, String(n[kind])));
      let start = 0;
      for (const [kind, rect] of shares) {
        const wide = union === 0 ? 0 : (18 * n[kind]) / union;
        rect.setAttribute("x", start);
        rect.setAttribute("width", wide);
        start += wide;
      }
      const [from, to] = union === 0 ? [0, 0] : [(18 * n.fn) / union, (18 * (n.fn + n.tp)) / union];
      frame.setAttribute("d", `M0 0H18V1H0z${n.tp > 0 ? `M${from} 0V1M${to} 0V1` : ""}`);
      const [top, bottom] = fraction.iou.split(" / ");
      say(above, top);
      say(below, bottom);
      say(value, score(result.iou));
      value.classList.toggle("undefined", Number.isNaN(result.iou));
      for (const { key, fraction: text, number } of scores) {
        say(text, `${fraction[key]} =`);
        say(number, score(result[key]));
        number.classList.toggle("undefined", Number.isNaN(result[key]));
      }
      say(sentence, overlapSentence(n));
      const shown = examples.find((example) => same(example, now));
      for (const example of examples) example.node.setAttribute("aria-pressed", example === shown);
      say(note, shown?.note ?? "Choose an example, or paint one of your own.");
      note.classList.toggle("asking", !shown);
    }),
    bind(model, ["pen"], () => {
      pens.choose(model.get("pen"));
      grid.node.dataset.pen = model.get("pen");
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  move(cursor);
  return () => stops.forEach((stop) => stop());
}

export default { render };
