// TransposedConvolution: stamps that add up, or a turned kernel that slides over zeros; the same numbers.
import { createGrid, named, readOut } from "./grids.js";
import { plural } from "./labels.js";
import { bind, h, prepare, put, say, segmented, uniqueId } from "./parts.js";

// A geometry is { i, k, s, p, q }: sizes of input and kernel, stride, padding, output padding.

/** All sizes that follow: what the stamps cover, what stays of it, the canvas with both, and the input with its zeros. */
export function sizes({ i, k, s, p, q }) {
  const full = s * (i - 1) + k;
  const out = full - 2 * p + q;
  const first = full - 2 * p; // the smallest of the sizes that a convolution turns into i
  return {
    full, out, canvas: Math.max(full, p + out), stuffed: out + k - 1,
    sources: Array.from({ length: s }, (_, n) => first + n).filter((size) => size >= 1),
  };
}

/**
 * What the first `count` stamps add up to at a cell of the output, one term a stamp: { at, tap } are the cells of
 * the input and of the kernel. Rows and columns that the padding cuts off are below 0 or beyond the output.
 */
export function stampTerms({ i, k, s, p }, [row, col], count) {
  const terms = [];
  for (let n = 0; n < count; n++) {
    const at = [Math.floor(n / i), n % i];
    const tap = [row + p - s * at[0], col + p - s * at[1]];
    if (tap.every((t) => t >= 0 && t < k)) terms.push({ at, tap });
  }
  return terms;
}

/** What lies at a cell of the input with its zeros: an input [row, col], or "between" or "around" for a zero. */
export function stuffedAt({ i, k, s, p }, [row, col]) {
  const from = [row, col].map((place) => place - (k - 1 - p));
  if (from.some((place) => place < 0 || place > s * (i - 1))) return "around";
  return from.every((place) => place % s === 0) ? from.map((place) => place / s) : "between";
}

/** The terms of one output cell as the window sees them: { at, tap }, `tap` in the kernel that is turned by 180°. */
export function windowTerms(geometry, [row, col]) {
  const terms = [];
  for (let u = 0; u < geometry.k; u++) {
    for (let v = 0; v < geometry.k; v++) {
      const at = stuffedAt(geometry, [row + u, col + v]);
      if (typeof at !== "string") terms.push({ at, tap: [u, v] });
    }
  }
  return terms;
}

/** The kernel turned by 180°. */
export function turned(kernel) {
  return kernel.map((row) => [...row].reverse()).reverse();
}

/** The sum of terms, and how it comes about: [14, "2·5 + 1·4"]. */
export function summed(terms, input, kernel) {
  const factors = terms.map(({ at, tap }) => [input[at[0]][at[1]], kernel[tap[0]][tap[1]]]);
  return [factors.reduce((sum, [x, w]) => sum + x * w, 0), factors.map(([x, w]) => `${x}·${w}`).join(" + ")];
}

/** The size formula with its numbers. */
export function sizeEquation({ i, k, s, p, q }) {
  return `${s}·(${i} − 1) + ${k} − 2·${p} + ${q} = ${sizes({ i, k, s, p, q }).out}`;
}

/** Which convolution this is the transpose of, and which size had to be chosen. */
export function sourceSentence(geometry) {
  const all = sizes(geometry).sources;
  const squares = all.map((size) => `${size}×${size}`);
  const words = squares.length === 1 ? squares[0] : `${squares.slice(0, -1).join(", ")} and ${squares.at(-1)} alike`;
  const choice = all.length === 1 ? "" : ` Output padding says which of these sizes is meant.`;
  return `The convolution with this kernel, stride and padding turns ${words} into ${geometry.i}×${geometry.i}.${choice}`;
}

/** How many steps there are: a stamp for each input, or a window for each output. */
export function stepsOf(view, geometry) {
  return (view === "stamp" ? geometry.i : sizes(geometry).out) ** 2;
}

// How much of the fill a cell gets that so many stamps lie on.
const FILL = [0, 0.18, 0.46, 0.6, 0.72, 0.79, 0.85, 0.9, 0.95, 1];
const PAUSE = { stamp: 1100, slide: 450 }; // ms
const KEYS = "Arrow keys move from cell to cell, and each cell is read out.";
const square = (n) => `${n}×${n}`;

export function render({ model, el }) {
  prepare(el);
  const geometryOf = () => ({
    i: model.get("size"), k: model.get("kernel_size"), s: model.get("stride"), p: model.get("padding"), q: model.get("output_padding"),
  });
  const { inputs, kernels } = model.get("data");
  const change = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  /** Another geometry, with the step and the output padding that it allows. */
  const reshape = (values) => {
    const next = { stride: model.get("stride"), output_padding: model.get("output_padding"), ...values };
    next.output_padding = Math.min(next.output_padding, next.stride - 1);
    const after = { ...geometryOf(), s: next.stride, q: next.output_padding };
    if ("size" in values) after.i = values.size;
    if ("kernel_size" in values) after.k = values.kernel_size;
    if ("padding" in values) after.p = values.padding;
    // The step shrinks first: at no moment is there one that the geometry does not have.
    change({ step: Math.min(model.get("step"), stepsOf(model.get("view"), after)), ...next });
  };
  const goTo = (step) => put(model, "step", Math.min(stepsOf(model.get("view"), geometryOf()), Math.max(0, step)));

  // ---- controls

  const choice = (text, name, values, onChoose) => {
    const control = segmented(text, values.map((value) => [value, String(value)]), onChoose ?? ((value) => reshape({ [name]: value })));
    return { name, control, node: named(text, control) };
  };
  const views = segmented("How to see it", [["stamp", "Stamp"], ["slide", "Slide"]], (view) => {
    stop();
    change({ step: 1, view });
  });
  const sizeChoice = segmented("Input", [[2, "2×2"], [3, "3×3"]], (size) => reshape({ size }));
  const choices = [
    choice("Kernel", "kernel_size", [2, 3, 4]),
    choice("Stride", "stride", [1, 2, 3]),
    choice("Padding", "padding", [0, 1]),
    choice("Output padding", "output_padding", [0, 1, 2]),
  ];

  let timer = null;
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  };
  const start = () => {
    const view = model.get("view");
    if (model.get("step") >= stepsOf(view, geometryOf())) goTo(0);
    goTo(model.get("step") + 1);
    play.textContent = "Pause";
    timer = setInterval(() => {
      goTo(model.get("step") + 1);
      if (!el.isConnected || model.get("step") >= stepsOf(view, geometryOf())) stop();
    }, PAUSE[view]);
  };
  const button = (text, label, onclick) => h("button", { type: "button", class: "chip", "aria-label": label, onclick }, text);
  const by = (n) => () => {
    stop();
    goTo(model.get("step") + n);
  };
  const back = button("◀", "One step back", by(-1));
  const play = h("button", { type: "button", class: "chip tc-play", onclick: () => (timer === null ? start() : stop()) }, "Play");
  const forward = button("▶", "One step on", by(1));
  const sliderId = uniqueId("step");
  const slider = h("input", { id: sliderId, type: "range", min: 0, step: 1 });
  slider.addEventListener("input", () => {
    stop();
    goTo(Number(slider.value));
  });
  const stepText = h("span", { class: "tc-count", "aria-hidden": "true" }); // the slider says it too

  // ---- grids

  let pointed = null; // a cell of the output, in output coordinates
  const input = createGrid({
    title: "input", help: `${KEYS} In the view of stamps this goes to the stamp of the cell.`,
    onPoint: ([row, col]) => {
      stop();
      if (model.get("view") === "stamp") goTo(row * model.get("size") + col + 1);
      else say(status, `Input in row ${row}, column ${col}: ${inputs[model.get("size")][row][col]}.`);
    },
  });
  const kernelGrid = createGrid({ title: "kernel" });
  const third = createGrid({ title: "third" });
  const stuffed = createGrid({ title: "stuffed" });
  const output = createGrid({
    title: "output", help: `${KEYS} Its sum is written below the picture.`,
    onPoint: ([row, col]) => {
      stop();
      if (model.get("view") === "slide") {
        goTo(row * sizes(geometryOf()).out + col + 1);
        return;
      }
      const { p } = geometryOf();
      pointed = [row - p, col - p];
      show();
    },
    onLeave: () => {
      if (pointed === null) return;
      pointed = null;
      show();
    },
  });
  const sign = (text) => h("span", { class: "tc-sign", "aria-hidden": "true" }, text);
  const [times, equals] = [sign("×"), sign("=")];
  const source = h("div", { class: "tc-row" }, input.node, times, kernelGrid.node, equals, third.node);
  const target = h("div", { class: "tc-row" }, stuffed.node, output.node);
  const board = h("div", { class: "tc-board" }, source, target);

  const legend = h("ul", { class: "tc-legend" });
  const sentence = h("p", { class: "tc-sentence", "data-said": "step" });
  const status = h("p", { class: "unseen", role: "status" });
  const equation = h("span", { "data-said": "size" });
  const sources = h("p", { class: "soft", "data-said": "sources" });
  const caption = h("p", { class: "caption" });

  el.append(
    h("div", { class: "choices" }, views.node, named("Input", sizeChoice), ...choices.map(({ node }) => node)),
    h("div", { class: "tc-transport" }, h("div", { class: "chips" }, back, play, forward),
      h("label", { for: sliderId, class: "unseen" }, "Step"), slider, stepText),
    board, legend, sentence, status,
    h("div", { class: "tc-size" },
      h("p", {}, h("b", {}, "Size"), " o = s·(i − 1) + k − 2p + q = ", equation), sources),
    caption,
  );

  // ---- showing

  const at = ([row, col]) => `row ${row}, column ${col}`;

  function showStamps(geometry, step) {
    const { i, k, s, p } = geometry;
    const [x, w, { full, out, canvas }] = [inputs[i], kernels[k], sizes(geometry)];
    const active = step === 0 ? null : [Math.floor((step - 1) / i), (step - 1) % i];
    const value = active && x[active[0]][active[1]];
    const kept = (row, col) => [row, col].every((place) => place >= 0 && place < out);
    input.show({
      heading: `Input ${square(i)}`, label: `Input: ${readOut(x)}`, rows: i, cols: i,
      cellOf: (row, col) => ({ text: x[row][col], kind: row * i + col < step ? "x" : "" }),
      frames: active ? [[...active, 1, 1, "hit"]] : [],
    });
    input.setCursor(active ?? [0, 0]);
    const tapOf = pointed && stampTerms(geometry, pointed, step);
    kernelGrid.show({
      heading: `Kernel ${square(k)}`, label: `Kernel: ${readOut(w)}`, rows: k, cols: k,
      cellOf: (row, col) => ({ text: w[row][col], kind: "w" }),
      frames: (tapOf ?? []).map(({ tap }) => [...tap, 1, 1, "hit"]),
    });
    times.textContent = "×";
    const stamp = w.map((row) => row.map((weight) => (active ? value * weight : "")));
    third.show({
      heading: active ? `${value} × kernel` : "Stamp", label: active ? `Stamp: ${readOut(stamp)}` : "No stamp yet", rows: k, cols: k,
      cellOf: (row, col) => ({ text: stamp[row][col], kind: active ? "w" : "" }),
      frames: active ? [[0, 0, k, k, "hit"]] : [],
    });
    equals.textContent = "=";
    const cells = Array.from({ length: canvas }, (_, row) => Array.from({ length: canvas }, (_, col) => {
      const terms = stampTerms(geometry, [row - p, col - p], step);
      return { sum: summed(terms, x, w)[0], count: terms.length };
    }));
    const frames = [];
    if (p > 0 || out < full) frames.push([p, p, out, out, "keep"]);
    if (active) frames.push([s * active[0], s * active[1], k, k, "hit"]);
    if (pointed) frames.push([pointed[0] + p, pointed[1] + p, 1, 1, "point"]);
    output.show({
      heading: `Output ${square(out)}${p > 0 ? ", and what is cut off" : ""}`,
      label: `Output: ${readOut(cells.slice(p, p + out).map((row) => row.slice(p, p + out).map(({ sum }) => sum)))}`,
      rows: canvas, cols: canvas, frames,
      cellOf(row, col) {
        const { sum, count } = cells[row][col];
        if (!kept(row - p, col - p)) return { text: count > 0 ? sum : "", kind: "cut" };
        return { text: count > 0 || step === i * i ? sum : "", kind: "y", opacity: FILL[count] };
      },
    });
    const counts = [...new Set(cells.flatMap((row, r) => row.filter((_, c) => kept(r - p, c - p)).map(({ count }) => count)))].sort((a, b) => a - b);
    legend.replaceChildren(
      ...counts.filter((count) => count > 0).map((count) => sample("y", plural(count, "stamp"), FILL[count])),
      ...(counts.includes(0) && step === i * i ? [sample("y", "no stamp: 0", 0)] : []),
      ...(p > 0 ? [sample("cut", "cut off by the padding")] : []));

    if (pointed) {
      const terms = stampTerms(geometry, pointed, step);
      const [sum, text] = summed(terms, x, w);
      const place = kept(...pointed) ? `Output in ${at(pointed)}` : "Cut off by the padding";
      return terms.length > 0 ? `${place}: ${text} = ${sum}. ${plural(terms.length, "stamp")}.` : `${place}: no stamp, 0.`;
    }
    if (!active) return "Nothing is stamped yet. Every cell of the output is 0.";
    const shared = cells.flatMap((row, r) => row.filter(({ count }, c) => count > 1 && kept(r - p, c - p)
      && r >= s * active[0] && r < s * active[0] + k && c >= s * active[1] && c < s * active[1] + k)).length;
    return `Stamp ${step} of ${i * i}: the input in ${at(active)} is ${value}, so ${value} × kernel is added here. ${
      shared > 0 ? `${plural(shared, "cell")} of it had a number before: there the stamps add up.` : "No other stamp is there yet."}`;
  }

  function showWindow(geometry, step) {
    const { i, k } = geometry;
    const [x, w, { out, stuffed: wide }] = [inputs[i], kernels[k], sizes(geometry)];
    const flip = turned(w);
    const active = step === 0 ? null : [Math.floor((step - 1) / out), (step - 1) % out];
    const terms = active ? windowTerms(geometry, active) : [];
    input.show({
      heading: `Input ${square(i)}`, label: `Input: ${readOut(x)}`, rows: i, cols: i,
      cellOf: (row, col) => ({ text: x[row][col], kind: "x" }), frames: terms.map((term) => [...term.at, 1, 1, "hit"]),
    });
    kernelGrid.show({
      heading: `Kernel ${square(k)}`, label: `Kernel: ${readOut(w)}`, rows: k, cols: k,
      cellOf: (row, col) => ({ text: w[row][col], kind: "w" }),
    });
    times.textContent = "";
    equals.textContent = "↻";
    third.show({
      heading: "Turned by 180°", label: `The kernel turned by 180°: ${readOut(flip)}`, rows: k, cols: k,
      cellOf: (row, col) => ({ text: flip[row][col], kind: "w" }), frames: terms.map(({ tap }) => [...tap, 1, 1, "hit"]),
    });
    const filled = Array.from({ length: wide }, (_, row) => Array.from({ length: wide }, (_, col) => stuffedAt(geometry, [row, col])));
    const numbers = filled.map((row) => row.map((what) => (typeof what === "string" ? 0 : x[what[0]][what[1]])));
    stuffed.show({
      heading: `Input with zeros ${square(wide)}`, label: `Input with zeros: ${readOut(numbers)}`, rows: wide, cols: wide,
      cellOf: (row, col) => ({ text: numbers[row][col], kind: typeof filled[row][col] === "string" ? filled[row][col] : "x" }),
      frames: active ? [[...active, k, k, "hit"]] : [],
    });
    const sums = Array.from({ length: out }, (_, row) => Array.from({ length: out }, (_, col) => summed(windowTerms(geometry, [row, col]), x, flip)[0]));
    output.show({
      heading: `Output ${square(out)}`, label: `Output: ${readOut(sums.map((row, r) => row.map((sum, c) => (r * out + c < step ? sum : "not yet"))))}`,
      rows: out, cols: out, frames: active ? [[...active, 1, 1, "hit"]] : [],
      cellOf: (row, col) => (row * out + col < step ? { text: sums[row][col], kind: "y", opacity: FILL[1] } : { kind: "y", opacity: 0 }),
    });
    output.setCursor(active ?? [0, 0]);
    const kinds = new Set(filled.flat().filter((what) => typeof what === "string"));
    legend.replaceChildren(sample("x", "input"),
      ...(kinds.has("between") ? [sample("between", `zeros between: stride − 1 = ${geometry.s - 1}`)] : []),
      ...(kinds.has("around") ? [sample("around", `zeros around: k − 1 − p = ${k - 1 - geometry.p}${geometry.q > 0 ? `, and ${geometry.q} more below and right` : ""}`)] : []));
    if (!active) return "The window has not started yet.";
    const [sum, text] = summed(terms, x, flip);
    return `Window ${step} of ${out * out}: ${terms.length > 0
      ? `it sees ${plural(terms.length, "input")}${terms.length < k * k ? `, the other ${k * k - terms.length} of its cells are zeros` : ""}. ${text} = ${sum}.`
      : "it sees nothing but inserted zeros. The sum is 0."}`;
  }

  function sample(kind, text, opacity = null) {
    const svg = h("svg", { class: "grid-board", viewBox: "0 0 1 1", "aria-hidden": "true" },
      h("rect", { class: `cell ${kind}`, width: 1, height: 1, style: opacity === null ? null : `fill-opacity:${opacity}` }));
    return h("li", {}, svg, text);
  }

  function show() {
    const [view, geometry, step] = [model.get("view"), geometryOf(), model.get("step")];
    const { i, k } = geometry;
    const { canvas, out, stuffed: wide } = sizes(geometry);
    const count = stepsOf(view, geometry);
    el.dataset.view = view;
    views.choose(view);
    sizeChoice.choose(i);
    for (const { name, control, node } of choices) {
      control.choose(model.get(name));
      if (name === "output_padding") node.querySelectorAll("input").forEach((one, n) => (one.disabled = n >= geometry.s));
    }
    slider.max = count;
    slider.value = step;
    const unit = view === "stamp" ? "stamp" : "window";
    slider.setAttribute("aria-valuetext", `${unit} ${step} of ${count}`);
    say(stepText, `${step} / ${count}`);
    back.disabled = step === 0;
    forward.disabled = step === count;
    stuffed.node.hidden = view === "stamp";
    board.style.setProperty("--wide", view === "stamp" ? i + 2 * k + canvas + 5 : Math.max(i + 2 * k + 4, wide + out + 1.5));
    board.style.setProperty("--narrow", Math.max(i + 2 * k + 3.6, view === "stamp" ? canvas : wide) + 0.2);
    const words = view === "stamp" ? showStamps(geometry, step) : showWindow(geometry, step);
    say(sentence, words);
    if (timer === null) say(status, words); // while it plays, nobody could listen that fast
    say(equation, sizeEquation(geometry));
    say(sources, sourceSentence(geometry));
  }

  const stops = [
    bind(model, ["size", "kernel_size", "stride", "padding", "output_padding", "view", "step"], show),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
    () => clearInterval(timer),
  ];
  return () => stops.forEach((end) => end());
}

export default { render };
