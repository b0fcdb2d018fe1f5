// The parts that widgets are made of: the picture with its pixel cursor, controls, and the read-out.
import { NO_TINT, borderPath, paint, pixelAfterKey, pixelAt } from "./labels.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("p", { class: "note" }, "text", child). A property that is null or false is left out. */
export function h(tag, properties = {}, ...children) {
  const svg = ["svg", "path", "rect"].includes(tag);
  const node = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Make an element ours: our style, and plain keys in there are ours too, not JupyterLab's or the page's. */
export function prepare(el) {
  el.classList.add("segedu");
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // read by JupyterLab before it looks for shortcuts
  el.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
}

/** Set the text only when it changes, so that a screen reader hears it once. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** An id that no other widget of the page has. */
export function uniqueId(name) {
  window.segeduCount = (window.segeduCount ?? 0) + 1;
  return `segedu-${name}-${window.segeduCount}`;
}

/** Set one trait, here and in Python if there is one. */
export function put(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

/** Call `handler` now and whenever one of `names` changes. Returns the function that stops it. */
export function bind(model, names, handler) {
  const events = names.map((name) => `change:${name}`);
  for (const event of events) model.on(event, handler);
  handler();
  return () => events.forEach((event) => model.off(event, handler));
}

/** One choice of a few, as a segmented control of native radio buttons. `options`: [[value, label], …]. */
export function segmented(legend, options, onChoose) {
  const name = uniqueId("choice");
  const inputs = options.map(([value, text]) => {
    const input = h("input", { type: "radio", name, value, onchange: () => onChoose(value) });
    return [value, input, h("label", {}, input, h("span", {}, text))];
  });
  const node = h("fieldset", { class: "segmented" }, h("legend", { class: "unseen" }, legend));
  node.append(...inputs.map(([, , label]) => label));
  return { node, choose: (chosen) => inputs.forEach(([value, input]) => (input.checked = value === chosen)) };
}

/** The slider that mixes the picture and its labels, 0 to 1. */
export function opacitySlider(onSlide) {
  const id = uniqueId("opacity");
  const output = h("output", { for: id });
  const input = h("input", { id, type: "range", min: 0, max: 100, step: 5 });
  input.addEventListener("input", () => onSlide(Number(input.value) / 100));
  const node = h("div", { class: "slider" }, h("label", { for: id }, "Label opacity"), input, output);
  const set = (value) => {
    input.value = Math.round(100 * value);
    output.textContent = `${Math.round(100 * value)} %`;
  };
  return { node, set, enable: (on) => { input.disabled = !on; node.classList.toggle("off", !on); } };
}

/**
 * A photograph with its labels on top, and a pixel cursor that mouse, finger and keys can move.
 *
 * `onPoint(pixel)` is called with [row, col]; `onPick(pixel)` on a click or Enter, `onPick(null)` on Escape.
 */
export function createPicture({ data, label, onPoint, onPick }) {
  const [height, width] = data.size;
  const help = uniqueId("help");
  const labels = h("canvas", { width, height, class: "labels" });
  const dim = h("canvas", { width, height, class: "dim" });
  const lines = h("path", { class: "lines" });
  const halo = h("path", { class: "halo" });
  const outline = h("path", { class: "outline" });
  const square = h("rect", { class: "square", width: 1, height: 1 });
  const reticle = h("span", { class: "reticle" });
  const marks = h("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" });
  marks.append(lines, halo, outline, square);
  const layers = h("div", { class: "layers", "aria-hidden": "true" }, labels, dim, marks, reticle);
  const photo = h("img", { src: data.image, alt: data.alt, draggable: "false", class: data.smooth ? "segedu-image" : "segedu-image pixels" });
  const node = h(
    "div",
    {
      class: "picture", tabindex: 0, role: "application", "aria-roledescription": "picture with a pixel cursor",
      "aria-label": label, "aria-describedby": help,
      style: `aspect-ratio: ${width} / ${height}; max-width: calc(75vh * ${width} / ${height})`,
    },
    photo,
    layers,
    h("span", { id: help, class: "unseen" },
      `Arrow keys move by one pixel, with Shift by ten. Home and End go to the ends of the row.${
        onPick ? " Enter highlights what is under the cursor, Escape clears it." : ""}`),
  );
  const here = (event) => pixelAt(event.clientX, event.clientY, photo.getBoundingClientRect(), data.size);
  let pixel = null;
  node.addEventListener("pointermove", (event) => onPoint(here(event)));
  node.addEventListener("pointerdown", (event) => onPoint(here(event)));
  node.addEventListener("click", (event) => {
    if (onPick && event.pointerType !== "touch") onPick(here(event)); // a finger points; the list highlights
  });
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = pixelAfterKey(event.key, event.shiftKey, pixel, data.size);
    if (next) onPoint(next);
    else if (onPick && (event.key === "Enter" || event.key === " ") && pixel) onPick(pixel);
    else if (onPick && event.key === "Escape") onPick(null);
    else return;
    event.preventDefault();
  });

  const draw = (canvas, bytes) => canvas.getContext("2d").putImageData(new ImageData(bytes, width, height), 0, 0);
  return {
    node,
    layers,
    /** Paint the label map `ids` with one tint for each id, and lines where `key` of the id changes. */
    setLabels(ids, tintOf, key) {
      draw(labels, paint(ids, data.size, tintOf));
      lines.setAttribute("d", borderPath(ids, data.size, key));
    },
    setOpacity(value) {
      labels.style.opacity = value;
      lines.style.opacity = Math.min(1, value * 1.5);
    },
    /** Dim everything but the pixels whose id has `lit[id]`, and outline them; null lights all. */
    setHighlight(ids, lit) {
      node.classList.toggle("lit", lit !== null);
      const key = (lit ?? []).map(Number);
      if (lit) draw(dim, paint(ids, data.size, key.map((on) => (on ? NO_TINT : { color: [10, 13, 18], alpha: 150 }))));
      const path = lit ? borderPath(ids, data.size, key, true) : "";
      halo.setAttribute("d", path);
      outline.setAttribute("d", path);
    },
    setCursor(next) {
      pixel = next;
      node.classList.toggle("pointed", next !== null);
      if (!next) return;
      const [row, col] = next;
      square.setAttribute("x", col);
      square.setAttribute("y", row);
      reticle.style.left = `${(100 * (col + 0.5)) / width}%`;
      reticle.style.top = `${(100 * (row + 0.5)) / height}%`;
    },
  };
}

/**
 * Where the reader points, and one card an answer: "Pixel in row 3, column 9", then a sentence in each.
 *
 * `cards`: [[key, title, extra nodes], …]. A screen reader hears all sentences together when they change.
 */
export function createReading(cards) {
  const where = h("p", { class: "where" });
  const status = h("p", { class: "unseen", role: "status" });
  const parts = cards.map(([key, title, extra = []]) => {
    const sentence = h("div", { class: "sentence", "data-answer": key });
    const properties = { class: extra.length ? "answer rich" : "answer", role: "group", "aria-label": title };
    const card = h("div", properties, h("div", { class: "task" }, title), sentence, ...extra);
    return { key, title, sentence, card };
  });
  const answers = h("div", { class: "answers" }, ...parts.map(({ card }) => card));
  return {
    nodes: [where, answers, status],
    /** Show a sentence for each key; `pixel` is null as long as nobody points. */
    show(pixel, sentences) {
      say(where, pixel ? `Pixel in row ${pixel[0]}, column ${pixel[1]}`
        : "Point at a pixel: with the mouse, a finger, or the arrow keys.");
      say(status, pixel ? parts.map(({ key, title }) => `${title}: ${sentences[key]}.`).join(" ") : "");
      answers.classList.toggle("asking", pixel === null);
      for (const { key, sentence } of parts) say(sentence, sentences[key]);
    },
    /** Mark the card that belongs to the view on show. */
    mark(view) {
      for (const { key, card } of parts) card.classList.toggle("on", key === view);
    },
  };
}

/** The same questions wherever the three tasks stand side by side. */
export const TASKS = [["semantic", "Semantic"], ["instance", "Instance"], ["panoptic", "Panoptic"]];
export const QUESTIONS = {
  semantic: "Which class is this pixel?",
  instance: "Which object is it part of?",
  panoptic: "Which class, and which object?",
};
