// ConfusionMatrix: two predictions of one scene, chosen or painted; their matrix, cell by cell, and every measure.
import { NO_TINT, decodeRuns, pixelAfterKey, pixelAt, rgb, score, thousands } from "./labels.js";
import { bind, createPicture, createReading, h, opacitySlider, prepare, put, say, segmented, uniqueId } from "./parts.js";
import { cellsBetween } from "./strokes.js";
import {
  CLASS_MEASURES, MEASURES, VOID, answersAbout, brushed, cellSentence, classLabels, confusionMatrix, encodeRuns,
  measures, preferred, ranking, shareOfRow,
} from "./confusion_counts.js";

const SLOTS = ["a", "b"];
const VIEWS = [["preds", "Prediction"], ["errors", "Errors"], ["truth", "Truth"]];
const ASKED = { truth: "Which class is this pixel?", a: "What does A call it?", b: "What does B call it?" };
const HAND = "edited by hand";
const [NO_BRUSH, TRUTH, SIZES] = ["no brush", "the truth", [1, 7, 21]];
const VEIL = { color: [12, 16, 22], alpha: 150, hatched: false };
const WRONG = { color: [255, 122, 26], alpha: 255, hatched: false };
const GREY = { color: [140, 144, 150], alpha: 255, hatched: true };
const ASK_CELL = "Choose a cell: the picture shows which pixels it counts.";

/** The matrix as a grid of cells that mouse, finger and arrow keys choose. `onChoose([row, col])`, or null. */
function createMatrix(categories, onChoose) {
  const names = categories.map(({ name }) => name);
  const swatch = (k) => h("span", { class: "swatch", style: `background: ${categories[k].color}` });
  const cells = names.map((_, row) => names.map((_, col) => h("td", {
    role: "gridcell", tabindex: -1, class: row === col ? "cm-cell right" : "cm-cell", "data-cell": `${row} ${col}`,
  })));
  const table = h("table", { role: "grid", class: "cm-table", style: `--classes: ${names.length}` },
    h("thead", {}, h("tr", {},
      h("td", { class: "cm-corner" }, h("span", {}, "prediction →"), h("span", {}, "truth ↓")),
      ...names.map((name, k) => h("th", { scope: "col" }, h("span", { class: "cm-head" }, h("span", {}, name), swatch(k)))))),
    h("tbody", {}, ...names.map((name, k) => h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "cm-head" }, swatch(k), h("span", { class: "name" }, name))), ...cells[k]))));
  let chosen = null;
  const cellOf = (event) => event.target.closest("[data-cell]")?.dataset.cell.split(" ").map(Number);
  const same = (one, other) => String(one) === String(other);
  table.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell) onChoose(same(cell, chosen) ? null : cell);
  });
  table.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = pixelAfterKey(event.key, false, cell, [names.length, names.length]);
    if (next) {
      onChoose(next);
      cells[next[0]][next[1]].focus();
    } else if (event.key === "Enter" || event.key === " ") onChoose(same(cell, chosen) ? null : cell);
    else if (event.key === "Escape") onChoose(null);
    else return;
    event.preventDefault();
  });
  const each = (call) => cells.forEach((line, row) => line.forEach((node, col) => call(node, row, col)));
  return {
    table,
    show(confmat) {
      const totals = confmat.map((line) => line.reduce((all, one) => all + one, 0));
      each((node, row, col) => {
        const count = confmat[row][col];
        say(node, shareOfRow(count, totals[row]));
        node.style.setProperty("--share", count === 0 ? 0 : Math.sqrt(count / totals[row]).toFixed(3));
        node.setAttribute("aria-label", `${names[row]} called ${names[col]}: ${thousands(count)}`);
      });
    },
    choose(cell) {
      chosen = cell;
      const [row, col] = cell ?? [0, 0]; // the one cell that Tab reaches
      each((node, r, c) => {
        node.setAttribute("aria-selected", String(cell !== null && r === row && c === col));
        node.tabIndex = r === row && c === col ? 0 : -1;
      });
    },
    /** Mark the cell that counts the pixel under the cursor. */
    point(cell) {
      each((node, row, col) => node.classList.toggle("pointed", cell !== null && same(cell, [row, col])));
    },
  };
}

/** The chips and the slider that make a prediction. `onChoose(runs)` takes the label map of a step. */
function createEdits(edits, onChoose) {
  const id = uniqueId("strength");
  const output = h("output", { for: id });
  const input = h("input", { id, type: "range", min: 0, step: 1 });
  const slider = h("div", { class: "slider cm-strength" }, h("label", { for: id }, "How much"), input, output);
  const chips = edits.map((edit) => h(
    "button", { type: "button", class: "chip", onclick: () => onChoose(edit.steps[edit.start].runs) }, edit.name));
  const note = h("p", { class: "cm-note" });
  const steps = new Map(edits.flatMap((edit, e) => edit.steps.map((step, k) => [step.runs, { ...step, e, k }])));
  let edit = null;
  input.addEventListener("input", () => onChoose(edit.steps[Number(input.value)].runs));
  return {
    nodes: [h("div", { class: "chips", role: "group", "aria-label": "Make the prediction" }, ...chips), slider, note],
    nameOf: (runs) => steps.get(runs)?.name ?? HAND,
    show(runs) {
      const step = steps.get(runs);
      edit = step ? edits[step.e] : null;
      chips.forEach((chip, e) => chip.setAttribute("aria-pressed", String(step?.e === e)));
      slider.classList.toggle("off", !edit || edit.steps.length === 1);
      if (step) {
        input.max = edit.steps.length - 1;
        input.value = step.k;
        input.setAttribute("aria-valuetext", step.label);
        say(output, step.label);
      }
      say(note, step?.note ?? "Edited by hand. Choose one of these to begin anew.");
    },
  };
}

/** The measures of both predictions, one row each, and the scores of the classes of the one on show. */
function createScores(names) {
  const rows = SLOTS.map((slot) => {
    const name = h("span", { class: "soft" });
    const numbers = MEASURES.map((measure) => h("td", { "data-score": `${slot} ${measure}` }));
    return { slot, name, numbers, node: h("tr", {}, h("th", { scope: "row" }, h("strong", {}, slot.toUpperCase()), " ", name), ...numbers) };
  });
  const verdict = h("p", { class: "cm-verdict" });
  const title = h("caption", {});
  const lines = names.map((name, k) => {
    const pixels = h("td", { "data-pixels": k });
    const numbers = CLASS_MEASURES.map((measure) => h("td", { "data-class-score": `${k} ${measure}` }));
    return { pixels, numbers, node: h("tr", {}, h("th", { scope: "row" }, name), pixels, ...numbers) };
  });
  const head = (...titles) => h("thead", {}, h("tr", {}, ...titles.map((text) => h("th", { scope: "col" }, text))));
  const write = (node, value) => {
    say(node, score(value));
    node.classList.toggle("undefined", Number.isNaN(value));
  };
  return {
    compared: [
      h("table", { class: "cm-scores" }, h("caption", {}, "Bold: the better one of each column"),
        head("prediction", ...MEASURES), h("tbody", {}, ...rows.map(({ node }) => node))),
      verdict,
    ],
    classes: h("table", { class: "cm-scores cm-classes" }, title,
      head("class", "true pixels", ...CLASS_MEASURES), h("tbody", {}, ...lines.map(({ node }) => node))),
    show(found, slotNames, shown, confmat) {
      for (const { slot, name, numbers, node } of rows) {
        say(name, slotNames[slot]);
        node.classList.toggle("on", slot === shown);
        MEASURES.forEach((measure, k) => {
          write(numbers[k], found[slot][measure]);
          numbers[k].classList.toggle("better", preferred(found.a[measure], found.b[measure]) === slot);
        });
      }
      say(verdict, ranking(found.a, found.b));
      verdict.classList.toggle("opposite", verdict.textContent.startsWith("PA and mIoU rank"));
      say(title, `Class by class: prediction ${shown.toUpperCase()}, ${slotNames[shown]}`);
      lines.forEach(({ pixels, numbers }, k) => {
        say(pixels, thousands(confmat[k].reduce((all, one) => all + one, 0)));
        CLASS_MEASURES.forEach((measure, j) => write(numbers[j], found[shown][measure][k]));
      });
    },
  };
}

/** The brush: what it paints, how wide it is, and the way back. */
function createBrush(categories, { onInk, onSize, onUndo }) {
  const id = uniqueId("brush");
  const options = [[NO_BRUSH, "nothing"], [TRUTH, TRUTH], ...categories.map(({ name }) => [name, name])];
  const ink = h("select", { id, onchange: () => onInk(ink.value) }, ...options.map(([value, text]) => h("option", { value }, text)));
  const swatch = h("span", { class: "swatch" });
  const width = h("select", { id: `${id}-size`, onchange: () => onSize(Number(width.value)) },
    ...SIZES.map((size) => h("option", { value: size }, `${size} px`)));
  const wide = h("span", { class: "cm-pair" }, h("label", { for: `${id}-size` }, "wide"), width);
  const undo = h("button", { type: "button", class: "chip", onclick: onUndo, disabled: true }, "Undo");
  return {
    node: h("div", { class: "cm-brush" },
      h("span", { class: "cm-pair" }, h("label", { for: id }, "Paint"), swatch, ink), wide, undo),
    show(value, size) {
      ink.value = value;
      width.value = size;
      wide.hidden = value === NO_BRUSH;
      const found = categories.find(({ name }) => name === value);
      swatch.hidden = !found;
      swatch.style.background = found?.color ?? "none";
    },
    canUndo: (can) => { undo.disabled = !can; },
  };
}

export function render({ model, el }) {
  prepare(el);
  el.classList.add("confusion");
  const data = model.get("data");
  const { categories, segments } = data;
  const size = data.size;
  const count = size[0] * size[1];
  const names = categories.map(({ name }) => name);
  const target = classLabels(decodeRuns(data.runs, count), segments);
  const at = ([row, col]) => row * size[1] + col;
  const shown = () => model.get("shown");
  const status = h("p", { class: "unseen", role: "status" });
  const now = { labels: {}, tables: {}, found: {} };

  // ---- what is predicted, and the way back

  const past = [];
  const both = () => [model.get("a_runs"), model.get("b_runs")];
  const write = ([a, b]) => {
    model.set("a_runs", a);
    model.set("b_runs", b);
    model.save_changes();
  };
  const change = (next, said = "") => {
    const before = both();
    if (String(before) !== String(next)) {
      past.push(before);
      brush.canUndo(true);
      write(next);
    }
    tell(said);
  };
  const changeShown = (runs) => {
    const [a, b] = both();
    change(shown() === "a" ? [runs, b] : [a, runs], `${edits.nameOf(runs)}. `);
  };
  const takeBack = () => {
    if (past.length > 0) write(past.pop());
    brush.canUndo(past.length > 0);
    tell("Taken back. ");
  };
  const tell = (said) => {
    const { PA, mIoU } = now.found[shown()];
    say(status, `Prediction ${shown().toUpperCase()}: ${said}PA ${score(PA)}, mIoU ${score(mIoU)}.`);
  };
  const recount = (slot, labels) => {
    now.labels[slot] = labels;
    now.tables[slot] = confusionMatrix(labels, target, names.length);
    now.found[slot] = measures(now.tables[slot]);
  };

  // ---- parts

  const choose = (cell) => put(model, "cell", cell);
  const cellAt = (pixel) => (target[at(pixel)] === VOID ? null : [target[at(pixel)], now.labels[shown()][at(pixel)]]);
  const inking = () => model.get("brush") !== NO_BRUSH;
  const picture = createPicture({
    data,
    label: `Prediction over a picture of ${size[0]} by ${size[1]} pixels`,
    onPoint: (pixel) => put(model, "pixel", pixel),
    onPick: (pixel) => {
      if (pixel && inking()) {
        paintOver([pixel]);
        commit();
      } else choose(pixel && String(cellAt(pixel)) !== String(model.get("cell")) ? cellAt(pixel) : null);
    },
  });
  const slots = segmented("Prediction on show", SLOTS.map((slot) => [slot, `Prediction ${slot.toUpperCase()}`]), (slot) => put(model, "shown", slot));
  const edits = createEdits(data.edits, changeShown);
  const opposite = data.opposite === null ? null : h("button", {
    type: "button", class: "chip", onclick: () => change(data.opposite, "two predictions in opposite order. "),
  }, "Two that PA and mIoU rank in opposite order");
  const views = segmented("Picture", VIEWS, (view) => put(model, "view", view));
  const slider = opacitySlider((value) => put(model, "opacity", value));
  const brush = createBrush(categories, {
    onInk: (ink) => put(model, "brush", ink), onSize: (side) => put(model, "brush_size", side), onUndo: takeBack,
  });
  const matrix = createMatrix(categories, choose);
  const sentence = h("p", { class: "cm-sentence", "aria-live": "polite" });
  const scores = createScores(names);
  const reading = createReading([["truth", "Truth"], ["a", "A"], ["b", "B"]]);
  const caption = h("p", { class: "caption" });

  el.append(
    status,
    h("div", { class: "cm-make" }, slots.node, ...edits.nodes),
    picture.node,
    h("div", { class: "bar" }, views.node, slider.node, brush.node),
    h("div", { class: "cm-board" },
      h("div", { class: "cm-left" }, sentence, h("div", { class: "cm-scroll" }, matrix.table),
        h("p", { class: "soft" }, "Per cent of the row: blue is right, orange wrong, and darker is more."),
        ...reading.nodes),
      h("div", { class: "cm-right" }, ...scores.compared, opposite ?? "", scores.classes)),
    caption,
  );

  // ---- the brush in the picture

  let [last, before, frame] = [null, null, 0];
  const paintOver = (cells) => {
    const ink = model.get("brush") === TRUTH ? target : names.indexOf(model.get("brush"));
    before ??= now.labels[shown()];
    recount(shown(), brushed(now.labels[shown()], size, cells, model.get("brush_size"), ink));
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      showAll();
    });
  };
  const commit = () => {
    if (before === null) return;
    [last, before] = [null, null];
    changeShown(encodeRuns(now.labels[shown()]));
  };
  const stroke = (event) => {
    const pixel = pixelAt(event.clientX, event.clientY, picture.node.getBoundingClientRect(), size);
    paintOver(cellsBetween(last ?? pixel, pixel));
    last = pixel;
  };
  picture.node.addEventListener("pointerdown", (event) => {
    if (!inking() || event.button !== 0 || !event.isPrimary) return;
    picture.node.setPointerCapture(event.pointerId);
    stroke(event);
  });
  picture.node.addEventListener("pointermove", (event) => {
    if (before !== null && event.isPrimary) stroke(event);
  });
  picture.node.addEventListener("pointerup", commit);
  picture.node.addEventListener("pointercancel", commit);
  el.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z" || past.length === 0) return;
    takeBack();
    event.preventDefault();
    event.stopPropagation();
  });

  // ---- what is on show

  const colors = categories.map(({ color }) => ({ color: rgb(color), alpha: 255, hatched: false }));
  const classes = names.length;
  const pairsOf = (labels) => Int32Array.from(labels, (label, p) => (target[p] === VOID ? classes * classes : target[p] * classes + label));
  const perPair = (of) => [...Array(classes * classes).keys()].map((pair) => of(Math.floor(pair / classes), pair % classes));

  function showPicture() {
    const view = model.get("view");
    const labels = now.labels[shown()];
    const pairs = pairsOf(labels);
    if (view === "errors") {
      const tints = [...perPair((row, col) => (row === col ? VEIL : WRONG)), GREY];
      picture.setLabels(pairs, tints, tints.map(() => 0));
    } else {
      const tints = [...colors];
      tints[VOID] = GREY;
      picture.setLabels(view === "truth" ? target : labels, tints, [...Array(VOID + 1).keys()]);
    }
    const cell = model.get("cell");
    picture.setHighlight(pairs, cell === null ? null : [...perPair((row, col) => row === cell[0] && col === cell[1]), false]);
    views.choose(view);
    showOpacity();
  }

  function showOpacity() {
    const errors = model.get("view") === "errors"; // they cover what they lie on, and the veil has its own strength
    picture.setOpacity(errors ? 1 : model.get("opacity"));
    slider.enable(!errors);
    slider.set(model.get("opacity"));
  }

  function showPixel() {
    const pixel = model.get("pixel");
    picture.setCursor(pixel);
    matrix.point(pixel && cellAt(pixel));
    reading.show(pixel, pixel ? answersAbout(names, target[at(pixel)], now.labels.a[at(pixel)], now.labels.b[at(pixel)]) : ASKED);
  }

  function showCell() {
    const cell = model.get("cell");
    matrix.choose(cell);
    say(sentence, cell ? cellSentence(now.tables[shown()], names, ...cell) : ASK_CELL);
    sentence.classList.toggle("asking", cell === null);
  }

  function showAll() {
    const slot = shown();
    slots.choose(slot);
    reading.mark(slot);
    const runs = { a: model.get("a_runs"), b: model.get("b_runs"), ...(before === null ? {} : { [slot]: null }) };
    edits.show(runs[slot]);
    matrix.table.setAttribute("aria-label", `Confusion matrix of prediction ${slot.toUpperCase()}. Rows: truth. Columns: prediction.`);
    matrix.show(now.tables[slot]);
    scores.show(now.found, { a: edits.nameOf(runs.a), b: edits.nameOf(runs.b) }, slot, now.tables[slot]);
    opposite?.setAttribute("aria-pressed", String(String(data.opposite) === String(both())));
    showCell();
    showPicture();
    showPixel();
  }

  const stops = [
    bind(model, ["a_runs", "b_runs"], () => {
      for (const slot of SLOTS) recount(slot, decodeRuns(model.get(`${slot}_runs`), count));
      showAll();
    }),
    bind(model, ["shown"], showAll),
    bind(model, ["view", "cell"], () => {
      showPicture();
      showCell();
    }),
    bind(model, ["opacity"], showOpacity),
    bind(model, ["pixel"], showPixel),
    bind(model, ["brush", "brush_size"], () => {
      brush.show(model.get("brush"), model.get("brush_size"));
      picture.node.classList.toggle("inking", inking());
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
