// SparseMatrix: a convolution as a matrix; point at a cell of it, of the input or of the output.
import { createGrid, named, readOut } from "./grids.js";
import { bind, h, prepare, put, say, segmented } from "./parts.js";

// A geometry is { n, k, s, p }: sizes of the input and of the kernel, stride, padding. Rows and columns are those of C,
// also where its transpose is shown: row r is output r, column c is input c, both counted row by row.

/** Rows of the output, and as many columns. */
export function outputSize({ n, k, s, p }) {
  return Math.floor((n + 2 * p - k) / s) + 1;
}

/** The kernel's entry [u, v] in row `row` and column `column` of C, or null where C is 0. */
export function tapAt(geometry, row, column) {
  const { n, k, s, p } = geometry;
  const out = outputSize(geometry);
  const u = Math.floor(column / n) - s * Math.floor(row / out) + p;
  const v = (column % n) - s * (row % out) + p;
  return u >= 0 && u < k && v >= 0 && v < k ? [u, v] : null;
}

/** All entries of one row of C: [[column, [u, v]], …]. */
export function rowEntries(geometry, row) {
  return joined(geometry.n ** 2, (column) => tapAt(geometry, row, column));
}

/** All entries of one column of C: [[row, [u, v]], …]. */
export function columnEntries(geometry, column) {
  return joined(outputSize(geometry) ** 2, (row) => tapAt(geometry, row, column));
}

function joined(count, tapOf) {
  return Array.from({ length: count }, (_, place) => [place, tapOf(place)]).filter(([, tap]) => tap !== null);
}

/** How large the matrix is and how much of it is stored. */
export function sizeSentence(geometry, rank, transposed) {
  const [inputs, outputs] = [geometry.n ** 2, outputSize(geometry) ** 2];
  const [rows, columns] = transposed ? [inputs, outputs] : [outputs, inputs];
  let stored = 0;
  for (let row = 0; row < outputs; row++) stored += rowEntries(geometry, row).length;
  return `${transposed ? "Cᵀ" : "C"} has ${rows} rows and ${columns} columns. ${stored} of its ${rows * columns} entries `
    + `come from the kernel, the others are 0. Its rank is ${rank}.`;
}

/** What a row, a column, or the entry where both meet has to say. */
export function matrixSentence(geometry, kernel, row, column, transposed) {
  const name = transposed ? "Cᵀ" : "C";
  const [across, down] = transposed ? ["Column", "Row"] : ["Row", "Column"];
  const weight = ([u, v]) => kernel[u][v];
  if (row !== null && column !== null) {
    const tap = tapAt(geometry, row, column);
    const place = transposed ? `Row ${column}, column ${row} of ${name}` : `Row ${row}, column ${column} of ${name}`;
    if (tap === null) return `${place}: 0. Input ${column} of the convolution is not in the window of its output ${row}.`;
    return `${place}: ${weight(tap)}, the kernel's entry in row ${tap[0]}, column ${tap[1]}. It joins input ${column} of the convolution with its output ${row}.`;
  }
  const sum = (entries, letter) => (entries.length ? entries.map(([place, tap]) => `${weight(tap)}·${letter}[${place}]`).join(" + ") : "0");
  const sent = (entries, letter, what) => (entries.length
    ? entries.map(([place, tap]) => `${weight(tap)}·${letter} to ${what} ${place}`).join(", ") : "nothing: no window sees it");
  if (row !== null) {
    const entries = rowEntries(geometry, row);
    return transposed ? `${across} ${row} of ${name}, the stamp of y[${row}]. It sends ${sent(entries, `y[${row}]`, "output")}.`
      : `${across} ${row} of ${name}: output ${row} = ${sum(entries, "x")}.`;
  }
  if (column !== null) {
    const entries = columnEntries(geometry, column);
    return transposed ? `${down} ${column} of ${name}: output ${column} = ${sum(entries, "y")}.`
      : `${down} ${column} of ${name}: x[${column}] sends ${sent(entries, `x[${column}]`, "output")}.`;
  }
  return "Point at a cell of the input, of the output, or of the matrix: with the mouse, a finger, or the arrow keys.";
}

const HELP = "Arrow keys move from cell to cell. T transposes the matrix, Escape lets go.";
const square = (n) => `${n}×${n}`;

export function render({ model, el }) {
  prepare(el);
  const { kernels, looks, ranks } = model.get("data");
  const geometryOf = () => ({ n: model.get("size"), k: model.get("kernel_size"), s: model.get("stride"), p: model.get("padding") });
  const change = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const pick = (row, column) => change({ row, column });
  /** Another geometry; what was pointed at may not exist in it. */
  const reshape = (values) => change({ row: null, column: null, ...values });
  const transpose = () => put(model, "transposed", !model.get("transposed"));

  const choice = (text, name, values, label = String) => {
    const control = segmented(text, values.map((value) => [value, label(value)]), (value) => reshape({ [name]: value }));
    return { name, control, node: named(text, control) };
  };
  const choices = [
    choice("Input", "size", [4, 5], square),
    choice("Kernel", "kernel_size", [2, 3, 4]),
    choice("Stride", "stride", [1, 2]),
    choice("Padding", "padding", [0, 1]),
  ];
  const flip = h("button", { type: "button", class: "chip", "aria-keyshortcuts": "T", onclick: transpose }, "Transpose (T)");

  // The grid on the left is what the matrix is multiplied with: x, or y where the matrix is transposed.
  const place = ([row, col], wide) => row * wide + col;
  const left = createGrid({
    title: "from", help: HELP,
    onPoint: (cell) => (model.get("transposed") ? pick(place(cell, outputSize(geometryOf())), null) : pick(null, place(cell, model.get("size")))),
  });
  const right = createGrid({
    title: "to", help: HELP,
    onPoint: (cell) => (model.get("transposed") ? pick(null, place(cell, model.get("size"))) : pick(place(cell, outputSize(geometryOf())), null)),
  });
  const kernelGrid = createGrid({ title: "kernel" });
  const matrix = createGrid({
    title: "matrix", help: HELP,
    onPoint: ([row, col]) => (model.get("transposed") ? pick(col, row) : pick(row, col)),
  });
  el.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") pick(null, null);
    else if (event.key.toLowerCase() === "t") transpose();
    else return;
    event.preventDefault();
  });

  const sentence = h("p", { class: "sm-sentence", role: "status", "data-said": "matrix" });
  const facts = h("p", { class: "soft", "data-said": "size" });
  const caption = h("p", { class: "caption" });
  el.append(
    h("div", { class: "choices" }, ...choices.map(({ node }) => node), flip),
    h("div", { class: "sm-board" },
      h("div", { class: "sm-maps" }, left.node, kernelGrid.node, right.node), matrix.node),
    sentence, facts, caption,
  );

  function show() {
    const geometry = geometryOf();
    const { n, k, s, p } = geometry;
    const [out, kernel, look] = [outputSize(geometry), kernels[k], looks[k]];
    const [row, column, transposed] = [model.get("row"), model.get("column"), model.get("transposed")];
    const nothing = row === null && column === null;
    const style = (tap) => ({ fill: look[tap[0] * k + tap[1]][0], ink: look[tap[0] * k + tap[1]][1] });
    for (const { name, control } of choices) control.choose(model.get(name));
    flip.setAttribute("aria-pressed", String(transposed));

    const both = row !== null && column !== null;
    const seen = new Map(row === null ? [] : rowEntries(geometry, row)); // inputs in the window of this output
    const reached = new Map(column === null || both ? [] : columnEntries(geometry, column)); // outputs that see this input
    const taps = both ? [tapAt(geometry, row, column)].filter((tap) => tap !== null) : [...seen.values(), ...reached.values()];

    const map = (letter, wide, lit, chosen, isInput) => ({
      heading: `${isInput ? "Input" : "Output"} ${letter}`, rows: wide, cols: wide,
      label: `${isInput ? "Input" : "Output"} of ${wide} rows and ${wide} columns, its cells numbered from 0`,
      cellOf: (r, c) => {
        const tap = lit.get(r * wide + c);
        return { text: r * wide + c, kind: "number", ...(tap ? style(tap) : {}) };
      },
      frames: chosen === null ? [] : [[Math.floor(chosen / wide), chosen % wide, 1, 1, "hit"]],
    });
    const x = map(transposed ? "Cᵀy" : "x", n, seen, column, !transposed);
    const y = map("y", out, reached, row, transposed);
    left.show(transposed ? y : x);
    right.show(transposed ? x : y);
    const [xGrid, yGrid] = transposed ? [right, left] : [left, right];
    xGrid.setCursor(column === null ? [0, 0] : [Math.floor(column / n), column % n]);
    yGrid.setCursor(row === null ? [0, 0] : [Math.floor(row / out), row % out]);

    kernelGrid.show({
      heading: "Kernel", label: `Kernel: ${readOut(kernel)}`, rows: k, cols: k,
      cellOf: (r, c) => ({
        text: kernel[r][c], ...style([r, c]), kind: nothing || taps.some(([u, v]) => u === r && v === c) ? "" : "dim",
      }),
    });

    const [rows, cols] = transposed ? [n * n, out * out] : [out * out, n * n];
    const [r0, c0] = transposed ? [column, row] : [row, column];
    const frames = [];
    if (r0 !== null) frames.push([r0, 0, 1, cols, both ? "thin" : "hit"]);
    if (c0 !== null) frames.push([0, c0, rows, 1, both ? "thin" : "hit"]);
    if (both) frames.push([r0, c0, 1, 1, "hit"]);
    matrix.show({
      heading: transposed ? `Cᵀ, ${rows} × ${cols}` : `C, ${rows} × ${cols}`,
      label: `Matrix ${transposed ? "C transposed" : "C"} of ${rows} rows and ${cols} columns`, rows, cols, frames,
      rules: transposed ? [n, out] : [out, n],
      cellOf(r, c) {
        const tap = transposed ? tapAt(geometry, c, r) : tapAt(geometry, r, c);
        if (tap === null) return {};
        return { text: kernel[tap[0]][tap[1]], ...style(tap), kind: nothing || r === r0 || c === c0 ? "" : "dim" };
      },
    });
    matrix.setCursor([r0 ?? 0, c0 ?? 0]);
    matrix.node.style.setProperty("--rows", rows);
    matrix.node.classList.toggle("fine", Math.max(rows, cols) > 16);
    matrix.node.classList.toggle("finest", Math.max(rows, cols) > 25);
    el.style.setProperty("--maps", n + k + out + 2.4);
    say(sentence, matrixSentence(geometry, kernel, row, column, transposed));
    say(facts, sizeSentence(geometry, ranks[[n, k, s, p].join(" ")], transposed));
  }

  const stops = [
    bind(model, ["size", "kernel_size", "stride", "padding", "transposed", "row", "column"], show),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
