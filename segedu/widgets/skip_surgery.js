// SkipSurgery: a U drawn with its four skips as switches; prediction, errors and IoU with some of them cut.
import { borderPath, decodeRuns, rgb, score } from "./labels.js";
import { bind, h, prepare, put, say, segmented } from "./parts.js";

const FILLS = [["mean", "its mean"], ["zero", "zeros"]];
const OLD = [0, 114, 178];
const NEW = [213, 94, 0];

/** The number of a way to cut: bit k − 1 says whether skip k is cut. */
export function numberOf(cut) {
  return cut.reduce((sum, level) => sum + 2 ** (level - 1), 0);
}

/** The cut skips after skip `level` was switched. */
export function toggled(cut, level) {
  return cut.includes(level) ? cut.filter((other) => other !== level) : [...cut, level].sort();
}

/** RGBA of a label map: opaque colours, by class; `colors` has [r, g, b] for each class, white elsewhere. */
export function colored(labels, colors) {
  const out = new Uint8ClampedArray(4 * labels.length).fill(255);
  labels.forEach((label, k) => out.set(colors[label] ?? [255, 255, 255], 4 * k));
  return out;
}

/** RGBA of the errors: blue where the whole network errs too, orange where only this one does, else nothing. */
export function errors(preds, whole, truth, nobody) {
  const out = new Uint8ClampedArray(4 * preds.length);
  preds.forEach((label, k) => {
    if (label !== truth[k] && truth[k] !== nobody) out.set([...(whole[k] === truth[k] ? NEW : OLD), 255], 4 * k);
  });
  return out;
}

/** "−0.193", "+0.020", "0.000": a difference of two ratios; "" where one of them is undefined. */
export function change(now, before) {
  if (now === null || before === null) return "";
  const thousandths = Math.floor(1000 * Math.abs(now - before) + 0.5);
  const text = `0.${String(thousandths).padStart(3, "0")}`.replace("0.1000", "1.000");
  return thousandths === 0 ? text : `${now < before ? "−" : "+"}${text}`;
}

/** A picture in a frame, with its name above: what a scene fills in. */
function createFrame(name, ...layers) {
  const frame = h("div", { class: "surgery-frame" }, ...layers);
  return h("figure", { class: "surgery-picture" }, h("figcaption", {}, name), frame);
}

/** One level of the U: the encoder's map, the skip as a switch, the decoder's map; the lowest has one map. */
function createLevel(level, channels, onSwitch) {
  const depth = `--depth: ${level - 1}`;
  const box = (side) => h("span", { class: `surgery-box ${side}`, "aria-hidden": "true" }, String(channels));
  if (!onSwitch) return { node: h("div", { class: "surgery-level bottom", style: depth }, box("")) };
  const text = h("span");
  const skip = h("button", { type: "button", class: "surgery-skip", role: "switch", onclick: onSwitch }, text);
  return {
    node: h("div", { class: "surgery-level", style: depth }, box("down"), skip, box(level === 1 ? "" : "up")),
    show(on, [height, width]) {
      const size = `${height} × ${width}`;
      skip.setAttribute("aria-checked", on);
      skip.setAttribute("aria-label", `Skip ${level}: ${channels} maps of ${size}`);
      say(text, on ? `skip ${level}: ${size}` : `✂ skip ${level}: cut`);
    },
  };
}

/** A class's row: its IoU as a bar and a number, the whole network's as a tick and a difference. */
function createClass({ name, color }) {
  const [bar, tick, now, off] = ["now", "tick", "number", "number soft"].map((kind) => h("span", { class: kind }));
  const node = h("div", { class: "surgery-class", "data-class": name },
    h("span", { class: "swatch", style: `background: ${color}` }), h("span", { class: "name" }, name),
    h("span", { class: "surgery-bar", "aria-hidden": "true" }, bar, tick), now, off);
  return {
    node,
    show(value, whole) {
      say(now, value === null ? "–" : score(value));
      say(off, change(value, whole));
      bar.style.width = `${100 * (value ?? 0)}%`;
      tick.style.left = `${100 * (whole ?? 0)}%`;
      tick.hidden = whole === null;
    },
  };
}

/** A scene with everything decoded: truth and object ids of each pixel, predictions when they are asked for. */
function opened(scene) {
  const count = scene.size[0] * scene.size[1];
  const ids = decodeRuns(scene.runs, count);
  const truth = ids.map((id) => (id === 0 ? 255 : scene.segments[id - 1].label));
  const done = new Map();
  const preds = (text) => {
    if (!done.has(text)) done.set(text, decodeRuns(text, count));
    return done.get(text);
  };
  return { ...scene, ids, truth, preds };
}

export function render({ model, el }) {
  prepare(el);
  const data = model.get("data");
  const scenes = data.scenes.map(opened);
  const colors = data.categories.map(({ color }) => rgb(color));

  // ---- controls

  const choices = scenes.map((_, k) => [String(k), `Scene ${k + 1}`]);
  const which = segmented("Which scene", choices, (value) => put(model, "scene", Number(value)));
  which.node.hidden = scenes.length === 1;
  const fills = segmented("What a cut skip carries", FILLS, (value) => put(model, "fill", value));
  const levels = data.channels.map((channels, k) =>
    createLevel(k + 1, channels, k < 4 ? () => put(model, "cut", toggled(model.get("cut"), k + 1)) : null));
  const all = [["Connect all", []], ["Cut all", [1, 2, 3, 4]]].map(([name, cut]) =>
    h("button", { type: "button", class: "chip", onclick: () => put(model, "cut", cut) }, name));

  // ---- what is shown

  const photo = () => h("img", { class: "segedu-image", draggable: "false" });
  const [image, pale] = [photo(), photo()];
  pale.classList.add("pale");
  const [prediction, truth, wrong] = ["prediction", "truth", "errors"].map((name) =>
    h("canvas", { "data-shows": name, role: "img", "aria-label": `Map: ${name}` }));
  const marks = [0, 1].map(() => {
    const paths = ["halo", "outline"].map((kind) => h("path", { class: kind }));
    return { paths, svg: h("svg", { preserveAspectRatio: "none" }, ...paths) };
  });
  const layer = (k) => h("div", { class: "layers", "aria-hidden": "true" }, marks[k].svg);
  const verdict = h("p", { class: "surgery-verdict", role: "status" });
  const rows = data.categories.map(createClass);
  const key = (mark, text) => h("span", {}, mark, text);
  const swatch = (color) => h("span", { class: "swatch", style: `background: rgb(${color})` });
  const caption = h("p", { class: "caption" });
  el.append(
    h("div", { class: "bar surgery-top" }, which.node,
      h("div", { class: "chips" }, h("span", { class: "soft", "aria-hidden": "true" }, "A cut skip carries"), fills.node)),
    h("div", { class: "surgery-table" },
      h("div", { class: "surgery-side" },
        h("div", { class: "surgery-u", role: "group", "aria-label": "The U and its four skips" }, ...levels.map(({ node }) => node)),
        h("div", { class: "chips" }, ...all, h("span", { class: "soft" }, "In the boxes: channels.")),
        verdict),
      createFrame("Prediction", prediction, layer(0))),
    h("div", { class: "surgery-row" },
      createFrame("Image", image, layer(1)), createFrame("Truth", truth), createFrame("Errors", pale, wrong)),
    h("p", { class: "surgery-keys soft" }, key(swatch(OLD), "wrong with all skips too"), key(swatch(NEW), "wrong since the cut"),
      key(h("span", { class: "surgery-ring" }), "gone: less than half of it is right now")),
    h("div", { class: "surgery-classes", role: "group", "aria-label": "IoU of each class" }, ...rows.map(({ node }) => node)),
    caption,
  );

  // ---- what follows from the state

  const draw = (canvas, bytes, [height, width]) => {
    Object.assign(canvas, { width, height });
    canvas.getContext("2d").putImageData(new ImageData(bytes, width, height), 0, 0);
  };
  const stops = [
    bind(model, ["scene"], () => {
      const scene = scenes[model.get("scene")];
      const [height, width] = scene.size;
      which.choose(String(model.get("scene")));
      for (const node of el.querySelectorAll(".surgery-frame")) node.style.aspectRatio = `${width} / ${height}`;
      for (const { svg } of marks) svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      for (const picture of [image, pale]) picture.setAttribute("src", scene.image);
      image.setAttribute("alt", scene.alt);
      pale.setAttribute("alt", "The image, pale, below the marked errors.");
      draw(truth, colored(scene.truth, colors), scene.size);
    }),
    bind(model, ["scene", "cut", "fill"], () => {
      const [scene, cut] = [scenes[model.get("scene")], model.get("cut")];
      const outcomes = scene.outcomes[model.get("fill")];
      const [now, whole] = [outcomes[numberOf(cut)], outcomes[0]];
      const preds = scene.preds(now.runs);
      draw(prediction, colored(preds, colors), scene.size);
      draw(wrong, errors(preds, scene.preds(whole.runs), scene.truth, 255), scene.size);
      const gone = scene.segments.map((_, k) => whole.found.includes(k + 1) && !now.found.includes(k + 1));
      const lost = [0, ...gone.map((is, k) => (is ? k + 1 : 0))];
      const outline = borderPath(scene.ids, scene.size, lost, true);
      for (const { paths } of marks) for (const path of paths) path.setAttribute("d", outline);
      fills.choose(model.get("fill"));
      levels.slice(0, 4).forEach((level, k) =>
        level.show(!cut.includes(k + 1), scene.size.map((side) => Math.ceil(side / 2 ** k))));
      rows.forEach((row, k) => row.show(now.iou[k], whole.iou[k]));
      say(verdict, now.said);
      el.dataset.shows = [model.get("scene"), model.get("fill"), ...cut].join(" ");
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
