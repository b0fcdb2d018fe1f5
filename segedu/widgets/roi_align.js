// RoIAlign: drag a box over a feature map; what RoIAlign reads in each bin, and what RoIPool takes instead.
import { createGrid, named, readOut } from "./grids.js";
import { plural } from "./labels.js";
import { bind, h, prepare, put, say, segmented, uniqueId } from "./parts.js";

// ---- the two rules: tests hold them equal to segedu.models.detection

/** Where each bin of a box reads the map, on one axis, in places of the map: a list for each bin. */
export function samplePoints(start, extent, bins, ratio) {
  const size = extent / bins;
  const samples = ratio ?? Math.ceil(size);
  return Array.from({ length: bins }, (_, bin) =>
    Array.from({ length: samples }, (_, k) => start + bin * size + ((k + 0.5) * size) / samples));
}

/** The map at a point between its places, by bilinear interpolation; 0 from more than a place outside. */
export function readAt(features, y, x) {
  const [rows, cols] = [features.length, features[0].length];
  if (y < -1 || x < -1 || y > rows || x > cols) return 0;
  const [at, to] = [Math.min(rows - 1, Math.max(0, y)), Math.min(cols - 1, Math.max(0, x))];
  const [top, left] = [Math.floor(at), Math.floor(to)];
  const [bottom, right] = [Math.min(rows - 1, top + 1), Math.min(cols - 1, left + 1)];
  const [down, over] = [at - top, to - left];
  return (1 - down) * ((1 - over) * features[top][left] + over * features[top][right])
    + down * ((1 - over) * features[bottom][left] + over * features[bottom][right]);
}

/** Where RoIAlign reads, in places of the map: points of each row of bins, and of each column. */
export function alignPoints(box, { stride, bins, ratio, aligned }) {
  const [left, top, right, bottom] = box.map((edge) => edge / stride - (aligned ? 0.5 : 0));
  const extent = (from, to) => (aligned ? to - from : Math.max(1, to - from));
  return {
    ys: samplePoints(top, extent(top, bottom), bins, ratio),
    xs: samplePoints(left, extent(left, right), bins, ratio),
  };
}

/** RoIAlign: for each bin its readings, and their mean. */
export function roiAlign(features, box, options) {
  const { ys, xs } = alignPoints(box, options);
  return ys.map((rows) => xs.map((cols) => {
    const readings = rows.flatMap((y) => cols.map((x) => readAt(features, y, x)));
    return { readings, value: readings.reduce((sum, one) => sum + one, 0) / readings.length };
  }));
}

/** The places that RoIPool takes for a box of whole pixels: first column, first row, last column, last row. */
export function rounded(box, stride) {
  return box.map((edge) => Math.floor((2 * edge + stride) / (2 * stride)));
}

/** First place and end of each bin, on one axis, cut at the map's edge. */
export function wholeBins(first, last, bins, length) {
  const count = last - first + 1;
  const cut = (place) => Math.min(length, Math.max(0, place));
  return Array.from({ length: bins }, (_, k) =>
    [cut(first + Math.floor((k * count) / bins)), cut(first + Math.ceil(((k + 1) * count) / bins))]);
}

/** RoIPool: for each bin [top, left, bottom, right] in places of the map, and the largest value there. */
export function roiPool(features, box, { stride, bins }) {
  const [left, top, right, bottom] = rounded(box, stride);
  const rows = wholeBins(top, bottom, bins, features.length);
  const cols = wholeBins(left, right, bins, features[0].length);
  return rows.map(([y0, y1]) => cols.map(([x0, x1]) => {
    const values = features.slice(y0, y1).flatMap((row) => row.slice(x0, x1));
    return { bin: [y0, x0, y1, x1], count: values.length, value: values.length ? Math.max(...values) : 0 };
  }));
}

// ---- what a reader can do to the box

const limit = (value, low, high) => Math.min(high, Math.max(low, value));

/** The box shifted by some pixels, but never out of the image. */
export function moved([left, top, right, bottom], cols, rows, [height, width]) {
  const [dx, dy] = [limit(cols, -left, width - right), limit(rows, -top, height - bottom)];
  return [left + dx, top + dy, right + dx, bottom + dy];
}

/** The box with a corner ("nw", "ne", "sw", "se") at some column and row; at least one pixel stays. */
export function resized([left, top, right, bottom], corner, col, row, [height, width]) {
  return [
    corner[1] === "w" ? limit(col, 0, right - 1) : left,
    corner[0] === "n" ? limit(row, 0, bottom - 1) : top,
    corner[1] === "e" ? limit(col, left + 1, width) : right,
    corner[0] === "s" ? limit(row, top + 1, height) : bottom,
  ];
}

// ---- words

/** A length in places of the map, with two decimals at most. */
export const places = (pixels, stride) => String(Math.floor((200 * pixels + stride) / (2 * stride)) / 100);

/** A number with two decimals. */
const decimals = (x) => x.toFixed(2).replace("-", "−");

/** The box in places of the map, the points, and what RoIPool does to its edges. */
export function boxSentence(box, { stride, bins, ratio, aligned }) {
  const [left, top, right, bottom] = box;
  const sides = [right - left, bottom - top];
  const [across, down] = sides.map((side) => ratio ?? Math.ceil((aligned ? side : Math.max(side, stride)) / (bins * stride)));
  const [x0, y0, x1, y1] = rounded(box, stride);
  const away = Math.max(...[stride * x0 - left, stride * y0 - top, stride * (x1 + 1) - right, stride * (y1 + 1) - bottom].map(Math.abs));
  return `The box is ${sides[0]} × ${sides[1]} pixels: ${places(sides[0], stride)} × ${places(sides[1], stride)} places of the `
    + `map. RoIAlign reads each bin at ${across} × ${plural(down, "point")}`
    + `${aligned ? "" : ", all half a place too far to the right and down"}. `
    + `RoIPool takes columns ${x0} to ${x1} and rows ${y0} to ${y1}: its edges lie up to ${plural(away, "pixel")} from those of the box.`;
}

/** What both rules make of one bin. */
export function binSentence([row, col], { readings, value }, pool) {
  const list = readings.length === 1 ? "" : readings.length > 9 ? ` of ${readings.length} readings` : ` of ${readings.map(decimals).join(", ")}`;
  const taken = pool.count ? `the largest of ${plural(pool.count, "place")}, ${decimals(pool.value)}` : "no place, 0.00";
  return `Bin in row ${row}, column ${col}. RoIAlign: ${list ? `the mean${list}, ` : "one reading, "}${decimals(value)}. RoIPool: ${taken}.`;
}

// ---- the page

const [LOW, HIGH] = [[242, 246, 251], [11, 79, 134]];

/** Fill and ink of a value between the smallest and the largest of the map. */
function shade(value, low, high) {
  const share = high > low ? limit((value - low) / (high - low), 0, 1) : 0;
  return { fill: `rgb(${LOW.map((c, k) => Math.round(c + share * (HIGH[k] - c))).join(",")})`, ink: share > 0.5 ? "#ffffff" : "#1d2530" };
}

export function render({ model, el }) {
  prepare(el);
  const { features, stride, image } = model.get("data");
  const [rows, cols] = [features.length, features[0].length];
  const size = [rows * stride, cols * stride];
  const [low, high] = [Math.min(...features.flat()), Math.max(...features.flat())];
  const options = () => ({
    stride, bins: model.get("bins"), ratio: model.get("sampling_ratio"), aligned: model.get("aligned"),
  });
  const setBox = (box) => put(model, "box", box);

  // ---- the map, with everything that lies on it
  const help = uniqueId("help");
  const svg = (name) => h("path", { class: name });
  const cells = features.flatMap((line, row) => line.map((value, col) =>
    h("rect", { x: col, y: row, width: 1.01, height: 1.01, fill: shade(value, low, high).fill })));
  const [grid, poolBin, pool, halo, frame, lines, bin, dark, dots] =
    ["roi-grid", "roi-pool-bin", "roi-pool", "roi-halo", "roi-box", "roi-lines", "roi-bin", "roi-dots under", "roi-dots"].map(svg);
  grid.setAttribute("d", [
    ...Array.from({ length: rows - 1 }, (_, k) => `M0 ${k + 1}H${cols}`),
    ...Array.from({ length: cols - 1 }, (_, k) => `M${k + 1} 0V${rows}`),
  ].join(""));
  const marks = h("svg", { viewBox: `0 0 ${cols} ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...cells,
    grid, poolBin, pool, halo, frame, lines, bin, dark, dots);
  const photo = image === null ? null : h("img", { src: image, alt: "The image that the map was made of", class: "segedu-image" });
  const handles = ["nw", "ne", "sw", "se", "c"].map((corner) => h("span", { class: `roi-handle ${corner}`, "data-corner": corner, "aria-hidden": "true" }));
  const board = h("div", {
    class: "roi-board", tabindex: 0, role: "application", "aria-roledescription": "feature map with a box", "aria-describedby": help,
    style: `aspect-ratio: ${cols} / ${rows}`,
  }, photo, marks, ...handles, h("span", { id: help, class: "unseen" },
    "Arrow keys move the box by one pixel. With Shift they move its lower right corner. Page Up and Page Down make it larger and smaller."));

  const pixelUnder = (event) => {
    const area = marks.getBoundingClientRect();
    return [Math.round(((event.clientX - area.left) / area.width) * size[1]), Math.round(((event.clientY - area.top) / area.height) * size[0])];
  };
  let drag = null;
  board.addEventListener("pointerdown", (event) => {
    const corner = event.target.dataset?.corner ?? null;
    if (event.pointerType === "touch" && corner === null) return; // a finger scrolls there, and taps: see click
    const [col, row] = pixelUnder(event);
    const [left, top, right, bottom] = model.get("box");
    const within = col >= left && col <= right && row >= top && row <= bottom;
    drag = { corner: corner ?? (within ? "c" : "se"), col, row, box: model.get("box") };
    if (corner === null && !within) { // a new box begins under the mouse
      const [x, y] = [limit(col, 0, size[1] - 1), limit(row, 0, size[0] - 1)];
      drag.box = [x, y, x + 1, y + 1];
      setBox(drag.box);
    }
    board.setPointerCapture(event.pointerId);
  });
  board.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [col, row] = pixelUnder(event);
    setBox(drag.corner === "c" ? moved(drag.box, col - drag.col, row - drag.row, size) : resized(drag.box, drag.corner, col, row, size));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    board.addEventListener(end, () => {
      if (drag) tell();
      drag = null;
    });
  }
  board.addEventListener("click", (event) => {
    if (event.pointerType !== "touch" || event.target.dataset?.corner) return;
    const [col, row] = pixelUnder(event);
    const [left, top, right, bottom] = model.get("box");
    setBox(moved(model.get("box"), col - Math.round((left + right) / 2), row - Math.round((top + bottom) / 2), size));
    tell();
  });
  board.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const box = model.get("box");
    const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    const grown = { PageUp: 1, PageDown: -1 }[event.key];
    if (step && event.shiftKey) setBox(resized(box, "se", box[2] + step[0], box[3] + step[1], size));
    else if (step) setBox(moved(box, ...step, size));
    else if (grown) setBox(resized(resized(box, "se", box[2] + grown, box[3] + grown, size), "nw", box[0] - grown, box[1] - grown, size));
    else return;
    event.preventDefault();
    tell();
  });

  // ---- the two results
  const pointing = { onPoint: (cell) => put(model, "cell", cell), onLeave: () => put(model, "cell", null), help: "Arrow keys go from bin to bin." };
  const results = ["RoIAlign", "RoIPool"].map((title) => createGrid({ title, ...pointing }));
  const outputs = h("div", { class: "roi-results" }, ...results.map(({ node }) => h("div", { class: "roi-result" }, node)));
  const saying = h("p", { class: "roi-sentence" });
  const reading = h("p", { class: "roi-reading" });
  const status = h("p", { class: "unseen", role: "status" });
  const tell = () => say(status, `${boxSentence(model.get("box"), options())} ${results.map(({ board: one }) => one.getAttribute("aria-label")).join(" ")}`);

  // ---- controls
  const choice = (text, values, name, of = (value) => value) =>
    [name, segmented(text, values, (chosen) => put(model, name, of(chosen)))];
  const controls = [
    ["Bins", ...choice("Bins", [["2", "2×2"], ["3", "3×3"], ["7", "7×7"]], "bins", Number)],
    ["Points a bin", ...choice("Points for each axis of a bin", [["as needed", "as needed"], ["1", "1×1"], ["2", "2×2"], ["4", "4×4"]],
      "sampling_ratio", (value) => (value === "as needed" ? null : Number(value)))],
    ["Half a pixel", ...choice("Half a pixel", [["true", "aligned"], ["false", "not"]], "aligned", (value) => value === "true")],
    ...(image === null ? [] : [["Behind the box", ...choice("Behind the box", [["map", "map"], ["image", "image"]], "shown")]]),
  ];
  const caption = h("p", { class: "caption" });
  const key = (kind, text) => h("span", {}, h("span", { class: `roi-key ${kind}`, "aria-hidden": "true" }), text);
  el.append(
    status,
    h("div", { class: "choices roi-choices" }, ...controls.map(([text, , one]) => named(text, one))),
    h("div", { class: "roi-stage" },
      h("div", { class: "roi-side" }, board, h("p", { class: "roi-legend soft" },
        key("line", "the box and its bins"), key("dot", "where RoIAlign reads"), key("dash", "what RoIPool rounds it to"))),
      outputs),
    saying, reading, caption,
  );

  const path = (x0, y0, x1, y1) => `M${x0} ${y0}H${x1}V${y1}H${x0}z`;
  function redraw() {
    const box = model.get("box");
    const { bins, ...rest } = options();
    const now = { bins, ...rest };
    const align = roiAlign(features, box, now);
    const pooled = roiPool(features, box, now);
    const [left, top, right, bottom] = box.map((edge) => edge / stride);
    const [x0, y0, x1, y1] = rounded(box, stride);
    const cell = model.get("cell");

    for (const node of [halo, frame]) node.setAttribute("d", path(left, top, right, bottom));
    pool.setAttribute("d", path(x0, y0, Math.min(cols, x1 + 1), Math.min(rows, y1 + 1)));
    lines.setAttribute("d", Array.from({ length: bins - 1 }, (_, k) => {
      const [x, y] = [left + ((k + 1) * (right - left)) / bins, top + ((k + 1) * (bottom - top)) / bins];
      return `M${x} ${top}V${bottom}M${left} ${y}H${right}`;
    }).join(""));
    const { ys, xs } = alignPoints(box, now); // place j has its middle at j + ½ of the picture
    const points = (rowsOf, colsOf) => rowsOf.flatMap((y) => colsOf.map((x) => `M${x + 0.5} ${y + 0.5}h0`)).join("");
    const all = cell ? points(ys[cell[0]], xs[cell[1]]) : points(ys.flat(), xs.flat());
    for (const node of [dark, dots]) node.setAttribute("d", all);
    const [width, height] = [(right - left) / bins, (bottom - top) / bins];
    bin.setAttribute("d", cell ? path(left + cell[1] * width, top + cell[0] * height, left + (cell[1] + 1) * width, top + (cell[0] + 1) * height) : "");
    const taken = cell ? pooled[cell[0]][cell[1]].bin : null;
    poolBin.setAttribute("d", taken && taken[2] > taken[0] && taken[3] > taken[1] ? path(taken[1], taken[0], taken[3], taken[2]) : "");
    for (const node of handles) {
      const corner = node.dataset.corner;
      const x = corner === "c" ? (left + right) / 2 : corner[1] === "w" ? left : right;
      const y = corner === "c" ? (top + bottom) / 2 : corner[0] === "n" ? top : bottom;
      Object.assign(node.style, { left: `${(100 * x) / cols}%`, top: `${(100 * y) / rows}%` });
    }

    const [byAlign, byPool] = [align, pooled].map((result) => result.map((line) => line.map(({ value }) => value)));
    outputs.style.setProperty("--cell", `min(4.2rem, ${(100 / bins).toFixed(3)}cqi)`);
    [["RoIAlign: mean", byAlign], ["RoIPool: largest", byPool]].forEach(([heading, values], k) => {
      results[k].setCursor(cell);
      results[k].show({
        heading, rows: bins, cols: bins, texts: bins <= 5, label: `${heading.split(":")[0]} gives ${readOut(values.map((line) => line.map(decimals)))}.`,
        cellOf: (row, col) => ({ text: decimals(values[row][col]), ...shade(values[row][col], low, high) }),
        frames: cell ? [[cell[0], cell[1], 1, 1, ""]] : [],
      });
    });
    say(saying, boxSentence(box, now));
    say(reading, cell ? binSentence(cell, align[cell[0]][cell[1]], pooled[cell[0]][cell[1]])
      : "Point at a bin of a result to see what it is made of.");
    reading.classList.toggle("soft", cell === null);
    board.setAttribute("aria-label", `Box from column ${box[0]}, row ${box[1]} to column ${box[2]}, row ${box[3]}, in pixels`);
  }

  const stops = [
    bind(model, ["bins"], () => {
      if (model.get("cell")?.some((k) => k >= model.get("bins"))) put(model, "cell", null);
    }),
    bind(model, ["box", "bins", "sampling_ratio", "aligned", "cell"], redraw),
    bind(model, ["bins", "sampling_ratio", "aligned", "shown"], () => {
      for (const [, name, one] of controls) one.choose(String(model.get(name) ?? "as needed"));
      board.classList.toggle("photo", model.get("shown") === "image");
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
