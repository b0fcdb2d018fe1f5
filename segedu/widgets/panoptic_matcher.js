// PanopticMatcher: edit predicted segments; see which find a true one, which do not, and what PQ makes of it.
import { borderPath, decodeRuns, paint, plural, rgb } from "./labels.js";
import { decimals, matchSegments, qualities } from "./panoptic_rule.js";
import { bind, h, prepare, put, say, segmented, uniqueId } from "./parts.js";

// ---- what an answer looks like, and who would match under another rule

/** Lay pieces on the ground, later ones on top. Returns the map of segment ids (0: void) and its segments. */
export function compose(ground, pieces, [height, width]) {
  const owner = Int32Array.from(ground, (label) => -label); // -(class index + 1), or piece number from 1
  pieces.forEach(({ top, left, shape }, k) => {
    shape.forEach((line, row) => [...line].forEach((letter, col) => {
      if (letter === "#") owner[(top + row) * width + left + col] = k + 1;
    }));
  });
  const present = [...new Set(owner)].filter((key) => key !== 0);
  const stuff = present.filter((key) => key < 0).sort((a, b) => b - a);
  const things = present.filter((key) => key > 0).sort((a, b) => a - b);
  const number = new Map([[0, 0], ...[...stuff, ...things].map((key, k) => [key, k + 1])]);
  return {
    ids: owner.map((key) => number.get(key)),
    segments: [
      ...stuff.map((key) => ({ label: -key - 1, piece: null })),
      ...things.map((key) => ({ label: pieces[key - 1].label, piece: key - 1 })),
    ],
  };
}

const RULES = {
  "> 0.5": ({ inter, union }) => 2 * inter > union,
  "≥ 0.5": ({ inter, union }) => 2 * inter >= union,
  "> 0.4": ({ inter, union }) => 5 * inter > 2 * union,
  "> 0.3": ({ inter, union }) => 10 * inter > 3 * union,
};

/** The pairs that match under a rule, and the segments that would have several partners. */
export function rivals(pairs, rule) {
  const passing = pairs.filter(RULES[rule]);
  const torn = [];
  for (const [side, other] of [["pred", "target"], ["target", "pred"]]) {
    for (const id of [...new Set(passing.map((pair) => pair[side]))].sort((a, b) => a - b)) {
      const partners = passing.filter((pair) => pair[side] === id).map((pair) => pair[other]);
      if (partners.length > 1) torn.push({ side, id, partners });
    }
  }
  return { passing, torn };
}

// ---- what a reader can do to a piece

const limit = (value, highest) => Math.min(highest, Math.max(0, value));

/** A piece shifted by some rows and columns, but never out of the picture. */
export function moved(piece, rows, cols, [height, width]) {
  return {
    ...piece,
    top: limit(piece.top + rows, height - piece.shape.length),
    left: limit(piece.left + cols, width - piece.shape[0].length),
  };
}

/** A piece from a list of its pixels [row, col]. */
function fromPixels(label, pixels) {
  const rows = pixels.map(([row]) => row);
  const cols = pixels.map(([, col]) => col);
  const [top, left] = [Math.min(...rows), Math.min(...cols)];
  const lines = Array.from({ length: Math.max(...rows) - top + 1 }, () => new Array(Math.max(...cols) - left + 1).fill("."));
  for (const [row, col] of pixels) lines[row - top][col - left] = "#";
  return { label, top, left, shape: lines.map((line) => line.join("")) };
}

function pixelsOf({ top, left, shape }) {
  return shape.flatMap((line, row) => [...line].flatMap((letter, col) => (letter === "#" ? [[top + row, left + col]] : [])));
}

/** A piece cut in the middle of its longer side: left and right, or top and bottom. A single pixel stays whole. */
export function halves(piece) {
  const [rows, cols] = [piece.shape.length, piece.shape[0].length];
  if (rows * cols === 1) return [piece];
  const first = cols >= rows
    ? ([, col]) => col < piece.left + Math.floor(cols / 2)
    : ([row]) => row < piece.top + Math.floor(rows / 2);
  const pixels = pixelsOf(piece);
  return [pixels.filter(first), pixels.filter((pixel) => !first(pixel))].map((part) => fromPixels(piece.label, part));
}

/** Two pieces as one, of the class of the first. */
export function merged(one, other) {
  return fromPixels(one.label, [...pixelsOf(one), ...pixelsOf(other)]);
}

/** Index of the piece of the same class whose middle is nearest to that of piece `k`, or -1. */
export function nearestKin(pieces, k) {
  const middle = ({ top, left, shape }) => [2 * top + shape.length, 2 * left + shape[0].length];
  const [row, col] = middle(pieces[k]);
  let [best, least] = [-1, Infinity];
  pieces.forEach((piece, j) => {
    const [y, x] = middle(piece);
    const distance = (y - row) ** 2 + (x - col) ** 2;
    if (j !== k && piece.label === pieces[k].label && distance < least) [best, least] = [j, distance];
  });
  return best;
}

// ---- words and numbers

/** Names of segments: stuff by its class, things numbered 1, 2, … in the prediction, lettered A, B, … in the truth. */
export function namesOf(segments, categories, sign) {
  const seen = new Map();
  return segments.map(({ label, crowd }) => {
    const { name, isthing } = categories[label];
    if (!isthing) return { name, tag: name };
    if (crowd) return { name: `${name}, crowd`, tag: "crowd" };
    seen.set(label, (seen.get(label) ?? 0) + 1);
    const tag = sign(seen.get(label));
    return { name: `${name} ${tag}`, tag };
  });
}
const letter = (n) => (n > 26 ? letter(Math.floor((n - 1) / 26)) : "") + String.fromCharCode(65 + ((n - 1) % 26));
const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** What the chosen rule does to this answer. */
export function ruleSentence(rule, { passing, torn }, predNames, targetNames) {
  if (rule === "> 0.5") {
    return "With an IoU above one half, more than half of the segment lies on one partner, and more than half of that"
      + " partner on it. Nothing has two halves that are both larger than half, so there is never a second partner.";
  }
  const pairs = `${plural(passing.length, "pair")} would match`;
  if (torn.length === 0) return `Under ${rule}, ${pairs}. Nobody has two partners in this answer, but nothing forbids it.`;
  const names = { pred: [predNames, targetNames, "predicted"], target: [targetNames, predNames, "true"] };
  const said = torn.map(({ side, id, partners }) => {
    const [own, others, kind] = names[side];
    return `the ${kind} ${own[id].name} fits ${listed(partners.map((other) => others[other].name))}`;
  });
  return `Under ${rule}, ${pairs}, and ${listed(said)}. Somebody would have to choose, and the score would depend on it.`;
}

// ---- the page

const MISSED = "#0072b2";
const FALSE = "#d55e00";
const WORDS = {
  TP: "true positive", FP: "false positive", FN: "false negative", ignored: "ignored, no error", crowd: "crowd: nobody has to find it",
};

/** A grid of pixels with segments, a tag on each, and outlines. */
function createBoard([height, width], title, properties) {
  const canvas = h("canvas", { width, height, class: "cells" });
  const marks = h("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" });
  const [lines, ghosts, outline] = ["lines", "ghosts", "chosen"].map((name) => h("path", { class: name }));
  marks.append(lines, ghosts, outline);
  const tags = h("div", { class: "pins" });
  const grid = h("div", { class: "grid", style: `background-size: ${100 / width}% ${100 / height}%` });
  const layers = h("div", { class: "plates", "aria-hidden": "true" }, canvas, grid, marks, tags);
  const board = h("div", { class: "board", style: `aspect-ratio: ${width} / ${height}`, ...properties }, layers);
  return {
    node: h("div", { class: "side" }, h("p", { class: "title" }, title), board),
    board,
    layers,
    /** Paint one tint for each id, and pin a tag on each segment; `pins[k]`: text of segment k. */
    show(ids, tints, pins, chosen = null) {
      canvas.getContext("2d").putImageData(new ImageData(paint(ids, [height, width], tints), width, height), 0, 0);
      lines.setAttribute("d", borderPath(ids, [height, width], tints.map((_, id) => id)));
      outline.setAttribute("d", chosen === null ? "" : borderPath(ids, [height, width], tints.map((_, id) => Number(id === chosen)), true));
      const places = anchors(ids, [height, width], pins);
      tags.replaceChildren(...pins.flatMap(({ text, stuff }, k) => (places[k] ? [h("span", {
        class: stuff ? "pin stuff" : "pin",
        style: `${stuff ? "" : `left: ${(100 * places[k][1]) / width}%; `}top: ${(100 * places[k][0]) / height}%`,
      }, text)] : [])));
      return places;
    },
    setGhosts(path) {
      ghosts.setAttribute("d", path);
    },
  };
}

/** Where to pin the tag of each segment, [y, x]: in its pixel nearest to its centre; for stuff, near the left edge. */
function anchors(ids, [, width], pins) {
  const sums = pins.map(() => [0, 0, 0]);
  ids.forEach((id, i) => {
    if (id === 0) return;
    const sum = sums[id - 1];
    sum[0]++;
    sum[1] += Math.floor(i / width);
    sum[2] += i % width;
  });
  const best = sums.map(() => [Infinity, null]);
  ids.forEach((id, i) => {
    if (id === 0) return;
    const [n, rows, cols] = sums[id - 1];
    const [row, col] = [Math.floor(i / width), i % width];
    const middle = pins[id - 1].stuff ? 0 : cols / n;
    const distance = (row - rows / n) ** 2 + (col - middle) ** 2;
    if (distance < best[id - 1][0]) best[id - 1] = [distance, [row + 0.5, col + 0.5]];
  });
  return best.map(([, place]) => place);
}

export function render({ model, el }) {
  prepare(el);
  el.classList.add("matcher");
  const { size, runs, segments, colors, categories, starts } = model.get("data");
  const [height, width] = size;
  const target = { ids: decodeRuns(runs, height * width), segments };
  const targetNames = namesOf(segments, categories, letter);
  const things = categories.flatMap(({ isthing }, label) => (isthing ? [label] : []));
  const help = uniqueId("help");
  const past = []; // what Undo goes back to
  let now = null; // everything that follows from ground and pieces

  // ---- edits
  const pieces = () => model.get("pieces");
  const selected = () => (pieces()[model.get("selected")] ? model.get("selected") : null);
  const remember = () => past.push([model.get("ground"), pieces(), selected()]);
  const select = (k) => put(model, "selected", k);
  const change = (next, chosen = selected()) => {
    if (chosen !== selected()) select(null); // an index into the old list means nothing in the new one
    put(model, "pieces", next);
    select(chosen);
  };
  const edit = (next, chosen) => {
    remember();
    change(next, chosen);
  };
  const swap = (k, ...news) => pieces().flatMap((piece, j) => (j === k ? news : [piece]));
  const step = (rows, cols) => {
    const k = selected() ?? (pieces().length ? 0 : null);
    if (k === null) return;
    const next = moved(pieces()[k], rows, cols, size);
    if (selected() === null) select(0);
    else if (next.top !== pieces()[k].top || next.left !== pieces()[k].left) edit(swap(k, next));
  };
  const split = () => {
    const [first, second] = halves(pieces()[selected()]);
    if (second) edit([...swap(selected(), first), second]);
  };
  const merge = () => {
    const [k, other] = [selected(), nearestKin(pieces(), selected())];
    if (other < 0) return;
    const whole = swap(k, merged(pieces()[k], pieces()[other])).filter((_, j) => j !== other);
    edit(whole, other < k ? k - 1 : k);
  };
  const remove = () => edit(swap(selected()), null);
  const undo = () => {
    const [ground, before, chosen] = past.pop();
    put(model, "ground", ground);
    change(before, chosen);
    redraw();
  };
  const begin = (start) => {
    remember();
    put(model, "ground", start.ground);
    change(start.pieces, null);
  };

  // ---- the two boards and the lines between them
  const truth = createBoard(size, "Truth", { role: "img", "aria-label": "The true segments; the table below names them." });
  const guess = createBoard(size, "Prediction", {
    tabindex: 0, role: "application", "aria-roledescription": "picture with segments to move", "aria-describedby": help,
    "aria-label": "Prediction",
  });
  const handle = h("div", { class: "handle" });
  guess.board.append(handle, h("span", { id: help, class: "unseen" },
    "Arrow keys move the chosen segment by one pixel. Enter chooses the next one, Escape none, Delete takes it away."));
  const thingKey = [0, ...segments.map(({ label }, k) => (categories[label].isthing ? k + 1 : 0))];
  guess.setGhosts(borderPath(target.ids, size, thingKey));
  const links = h("svg", { class: "links", "aria-hidden": "true" });
  const sides = h("div", { class: "sides" }, truth.node, guess.node, links);

  const pixelUnder = (event) => {
    const box = guess.layers.getBoundingClientRect();
    return [
      Math.floor(((event.clientY - box.top) / box.height) * height),
      Math.floor(((event.clientX - box.left) / box.width) * width),
    ];
  };
  let drag = null;
  guess.board.addEventListener("pointerdown", (event) => {
    const [row, col] = pixelUnder(event);
    const onHandle = event.target === handle;
    const id = now.ids[limit(row, height - 1) * width + limit(col, width - 1)];
    const under = id ? now.segments[id - 1].piece : null;
    const k = onHandle && under === null ? selected() : under;
    if (event.pointerType === "touch" && !onHandle) return; // a finger scrolls, and taps to choose: see click
    select(k);
    if (k === null) return;
    drag = { k, row, col, piece: pieces()[k], kept: false };
    guess.board.setPointerCapture(event.pointerId);
  });
  guess.board.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [row, col] = pixelUnder(event);
    const next = moved(drag.piece, row - drag.row, col - drag.col, size);
    const old = pieces()[drag.k];
    if (next.top === old.top && next.left === old.left) return;
    if (!drag.kept) remember();
    drag.kept = true;
    change(swap(drag.k, next));
  });
  for (const end of ["pointerup", "pointercancel"]) guess.board.addEventListener(end, () => (drag = null));
  guess.board.addEventListener("click", (event) => {
    if (event.pointerType !== "touch" || event.target === handle) return;
    const [row, col] = pixelUnder(event);
    const id = now.ids[limit(row, height - 1) * width + limit(col, width - 1)];
    select(id ? now.segments[id - 1].piece : null);
  });
  guess.board.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (arrows[event.key]) step(...arrows[event.key]);
    else if (event.key === "Enter" || event.key === " ") select(pieces().length ? ((selected() ?? -1) + 1) % pieces().length : null);
    else if (event.key === "Escape") select(null);
    else if ((event.key === "Delete" || event.key === "Backspace") && selected() !== null) remove();
    else return;
    event.preventDefault();
  });

  // ---- controls
  const button = (text, onclick, properties = {}) => h("button", { type: "button", class: "tool", onclick, ...properties }, text);
  const chips = starts.map((start) => button(start.name, () => begin(start)));
  const back = button("Undo", undo);
  const arrow = (text, name, rows, cols) => button(text, () => step(rows, cols), { "aria-label": name });
  const tools = {
    arrows: [arrow("←", "Move left", 0, -1), arrow("↑", "Move up", -1, 0), arrow("↓", "Move down", 1, 0), arrow("→", "Move right", 0, 1)],
    split: button("Split", split),
    merge: button("Merge", merge, { title: "with the nearest of its class" }),
    remove: button("Delete", remove),
  };
  const classId = uniqueId("class");
  const relabel = h("select", { id: classId }, ...things.map((label) => h("option", { value: label }, categories[label].name)));
  relabel.addEventListener("change", () => edit(swap(selected(), { ...pieces()[selected()], label: Number(relabel.value) })));
  const chosen = h("strong", { class: "chosen-name" });
  const toolbar = h("div", { class: "bar tools", role: "group", "aria-label": "The chosen segment" }, chosen,
    h("span", { class: "keys" }, ...tools.arrows),
    h("span", { class: "keys" }, tools.split, tools.merge, tools.remove),
    h("span", { class: "keys" }, h("label", { for: classId }, "Class"), relabel));
  const status = h("p", { class: "unseen", role: "status" });
  const pairRows = h("tbody");
  const scoreRows = h("tbody");
  const equation = h("p", { class: "equation" });
  const rules = segmented("If a match needed an IoU of", Object.keys(RULES).map((rule) => [rule, rule]), (rule) => put(model, "rule", rule));
  const verdict = h("p", { class: "verdict", "aria-live": "polite" });
  const caption = h("p", { class: "caption" });
  const head = (...names) => h("thead", {}, h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name))));
  el.append(
    h("div", { class: "bar starts" }, h("span", { class: "keys", role: "group", "aria-label": "Begin with" }, ...chips), back),
    h("div", { class: "stage" }, sides, toolbar, h("div", { class: "score" },
      h("table", { class: "scores" }, h("caption", {}, "Counts and qualities; in the last rows, means over classes"), head("class", "TP", "FP", "FN", "SQ", "RQ", "PQ"), scoreRows),
      equation)),
    status,
    h("table", { class: "pairs" }, h("caption", {}, "Predicted segments, each with its best partner, then what nobody found"),
      head("predicted", "true", "IoU", "verdict"), pairRows),
    h("div", { class: "bar" }, h("p", { class: "title" }, "If a match needed an IoU of"), rules.node),
    verdict, caption,
  );

  // ---- showing
  const bestOf = (k) => now.matched.pairs.filter(({ pred }) => pred === k)
    .reduce((best, pair) => (best && best.inter * pair.union >= pair.inter * best.union ? best : pair), null);
  const numberCell = (text) => h("td", { class: "n" }, text);
  const iouCell = (pair) => h("td", { class: "iou" }, pair ? h("span", { class: "meter", "aria-hidden": "true" },
    h("span", { class: 2 * pair.inter > pair.union ? "fill over" : "fill", style: `width: ${(100 * pair.inter) / pair.union}%` })) : "",
  h("span", {}, pair ? `${pair.inter}/${pair.union} = ${decimals(pair.inter / pair.union)}` : "–"));
  const kindCell = (kind) => h("td", {}, h("span", { class: `kind ${kind}`, title: WORDS[kind] }, kind));

  function showTables() {
    const { matched, names, segments: found } = now;
    const rows = found.map(({ piece }, k) => {
      const pair = bestOf(k);
      const name = piece === null ? names[k].name
        : h("button", { type: "button", class: "pick", "aria-pressed": String(piece === selected()), onclick: () => select(piece === selected() ? null : piece) }, names[k].name);
      return h("tr", { class: piece !== null && piece === selected() ? "on" : "" },
        h("td", {}, name), h("td", {}, pair ? targetNames[pair.target].name : "–"), iouCell(pair), kindCell(matched.preds[k].verdict));
    });
    const hidden = pieces().flatMap((piece, k) => (found.some((one) => one.piece === k) ? [] : [h("tr", {},
      h("td", {}, h("button", { type: "button", class: "pick", "aria-pressed": String(k === selected()), onclick: () => select(k) }, categories[piece.label].name)),
      h("td", { colspan: 3 }, "covered by others: no segment"))]));
    const missed = matched.targets.flatMap(({ verdict: kind }, k) => (kind === "TP" ? []
      : [h("tr", {}, h("td", {}, "–"), h("td", {}, targetNames[k].name), h("td", { class: "iou" }, "–"), kindCell(kind))]));
    keepFocus(pairRows, () => pairRows.replaceChildren(...rows, ...hidden, ...missed));

    const { perClass, all, things: ofThings, stuff } = now.quality;
    const line = (name, { sq, rq, pq }, counts, kind = "") => h("tr", { class: kind }, h("th", { scope: "row" }, name),
      ...counts.map((n) => numberCell(String(n))), ...[sq, rq, pq].map((x) => numberCell(decimals(x))));
    scoreRows.replaceChildren(
      ...perClass.flatMap((row, label) => (row.pq === null ? [] : [line(categories[label].name, row, [row.tp, row.fp, row.fn])])),
      line("things", ofThings, ["", "", ""], "mean first"), line("stuff", stuff, ["", "", ""], "mean"), line("all", all, ["", "", ""], "mean all"));
    const asked = selected() === null ? things.find((label) => perClass[label].pq !== null) : pieces()[selected()].label;
    const row = asked === undefined ? null : perClass[asked];
    equation.textContent = row && row.pq !== null
      ? `${categories[asked].name}: PQ = ${decimals(row.iouSum)} / (${row.tp} + ½·${row.fp} + ½·${row.fn}) = ${decimals(row.pq)}`
        + ` = SQ ${decimals(row.sq)} × RQ ${decimals(row.rq)}` : "";
  }

  function showBoards() {
    const { matched, ids, names, segments: found } = now;
    const tint = (color, hatched = false) => ({ color: rgb(color), alpha: 255, hatched });
    const grey = tint("#8c9096", true);
    const [color, places] = [(kind, own) => (kind === "FN" ? tint(MISSED, true) : kind === "FP" ? tint(FALSE, true) : own), []];
    places.push(truth.show(target.ids,
      [grey, ...matched.targets.map(({ verdict: kind }, k) => color(kind, tint(colors[k], kind === "crowd")))],
      matched.targets.map(({ verdict: kind }, k) => ({
        text: kind === "FN" ? `${targetNames[k].tag} · FN` : targetNames[k].tag, stuff: !categories[segments[k].label].isthing,
      }))));
    const own = found.findIndex(({ piece }) => piece !== null && piece === selected());
    places.push(guess.show(ids,
      [grey, ...matched.preds.map(({ verdict: kind, found: pair }) => color(kind, pair ? tint(colors[pair.target]) : grey))],
      matched.preds.map(({ verdict: kind, found: pair }, k) => ({
        text: `${names[k].tag} · ${kind === "TP" ? decimals(pair.inter / pair.union) : kind}`, stuff: found[k].piece === null,
      })), own < 0 ? null : own + 1));
    now.places = places;
    const piece = pieces()[selected()];
    handle.hidden = !piece;
    if (piece) {
      Object.assign(handle.style, {
        left: `${(100 * piece.left) / width}%`, top: `${(100 * piece.top) / height}%`,
        width: `${(100 * piece.shape[0].length) / width}%`, height: `${(100 * piece.shape.length) / height}%`,
      });
    }
    showLinks();
  }

  function showLinks() {
    const frame = sides.getBoundingClientRect();
    const [from, to] = [truth, guess].map(({ layers }) => layers.getBoundingClientRect());
    const at = (box, [y, x]) => [box.left - frame.left + (x / width) * box.width, box.top - frame.top + (y / height) * box.height];
    links.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    links.replaceChildren(...now.matched.preds.flatMap(({ found }, k) => {
      if (!found || now.segments[k].piece === null) return []; // stuff has one segment a class: no line is needed
      const [x1, y1] = at(from, now.places[0][found.target]);
      const [x2, y2] = at(to, now.places[1][k]);
      const on = now.segments[k].piece === selected();
      return ["under", "over"].map((layer) => h("path", { class: on ? `${layer} on` : layer, d: `M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}` }));
    }));
  }

  function showControls() {
    const k = selected();
    const piece = pieces()[k];
    say(chosen, piece ? nameOfPiece(k) : "Choose a predicted segment");
    for (const tool of [...tools.arrows, tools.split, tools.merge, tools.remove, relabel]) tool.disabled = !piece;
    if (piece) {
      tools.split.disabled = piece.shape.length * piece.shape[0].length === 1;
      tools.merge.disabled = nearestKin(pieces(), k) < 0;
      relabel.value = piece.label;
    }
    back.disabled = past.length === 0;
    chips.forEach((chip, j) => chip.setAttribute("aria-pressed", String(
      starts[j].ground === model.get("ground") && JSON.stringify(starts[j].pieces) === JSON.stringify(pieces()))));
  }

  const nameOfPiece = (k) => {
    const id = now.segments.findIndex(({ piece }) => piece === k);
    return id < 0 ? `${categories[pieces()[k].label].name}, covered by others` : now.names[id].name;
  };

  /** What changed, in a sentence for those who hear the page. */
  function tell() {
    const k = selected();
    const id = now.segments.findIndex(({ piece }) => piece !== null && piece === k);
    const parts = [];
    if (id >= 0) {
      const pair = bestOf(id);
      const { verdict: kind } = now.matched.preds[id];
      parts.push(`${now.names[id].name}: ${WORDS[kind]}${pair ? `, IoU ${decimals(pair.inter / pair.union)} with ${targetNames[pair.target].name}` : ""}.`);
    }
    const { all } = now.quality;
    if (all.pq !== null) parts.push(`PQ ${decimals(all.pq)}.`);
    say(status, parts.join(" "));
    guess.board.setAttribute("aria-label", `Prediction: ${plural(pieces().length, "object")}${k === null ? "" : `, ${nameOfPiece(k)} chosen`}`);
  }

  function redraw() {
    const pred = compose(decodeRuns(model.get("ground"), height * width), pieces(), size);
    const matched = matchSegments(pred, target);
    now = { ...pred, matched, names: namesOf(pred.segments, categories, String), quality: qualities(matched, pred, target, categories) };
    showBoards();
    showTables();
    showControls();
    showRule();
    tell();
  }

  function showRule() {
    rules.choose(model.get("rule"));
    say(verdict, ruleSentence(model.get("rule"), rivals(now.matched.pairs, model.get("rule")), now.names, targetNames));
  }

  const watcher = new ResizeObserver(() => now && showLinks());
  watcher.observe(sides);
  const stops = [
    bind(model, ["ground", "pieces", "selected"], redraw),
    bind(model, ["rule"], showRule),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
    () => watcher.disconnect(),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Replace rows, and leave the keyboard's focus on the same one. */
function keepFocus(rows, replace) {
  const at = [...rows.querySelectorAll("button")].indexOf(document.activeElement);
  replace();
  if (at >= 0) rows.querySelectorAll("button")[Math.min(at, rows.querySelectorAll("button").length - 1)]?.focus();
}

export default { render };
