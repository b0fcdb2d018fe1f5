// UpsamplingLab: two ways to grow a small map, side by side under a divider; what each is off, and where.
import { bind, h, prepare, put, say, segmented, uniqueId } from "./parts.js";

const CONTENTS = [["picture", "Picture"], ["labels", "Labels"], ["ones", "Map of ones"]];
const SHOWS = [["result", "Result"], ["error", "Error"]];
const KINDS = [
  ["nearest", "Nearest"], ["bilinear", "Bilinear"], ["unpool", "Max-unpooling"],
  ["transposed", "Transposed convolution"], ["resize", "Resize, then convolution"], ["original", "The original"],
];
const WIDTHS = ["1", "1.5", "2", "2.5"];
const WEIGHTS = [["constant", "equal"], ["random", "random"], ["bilinear", "bilinear"], ["fitted", "fitted"]];
const ALIGN = [["off", "off"], ["on", "on"]];
const AFTER = [["nothing", "nothing"], ["convolution", "convolution"]];
const HELP = "Arrow keys move the divider, Page up and Page down move it further, Home and End show one side alone.";

/** A method's name in its parts: "transposed 1.5 constant" has a kind, a width in strides, and weights. */
export function parse(method) {
  const [kind, ...rest] = method.split(" ");
  const parts = { kind, align: "off", after: "nothing", width: "2", weights: "constant" };
  if (kind === "bilinear" && rest.length) parts.align = "on";
  if (kind === "unpool" && rest.length) parts.after = "convolution";
  if (kind === "transposed") [parts.width, parts.weights] = rest;
  if (kind === "resize") [parts.weights] = rest;
  return parts;
}

/** Which weights there are for a kind and a width. */
export function weightsOf({ kind, width }) {
  if (kind === "resize") return ["constant", "random", "fitted"];
  return width === "2" ? ["constant", "random", "bilinear", "fitted"] : ["constant", "fitted"];
}

/** The name of a method from its parts; weights that are not to be had become equal ones. */
export function compose(parts) {
  const { kind, align, after, width } = parts;
  const weights = weightsOf(parts).includes(parts.weights) ? parts.weights : "constant";
  if (kind === "bilinear") return align === "on" ? "bilinear aligned" : "bilinear";
  if (kind === "unpool") return after === "convolution" ? "unpool fitted" : "unpool";
  if (kind === "transposed") return `transposed ${width} ${weights}`;
  return kind === "resize" ? `resize ${weights}` : kind;
}

/** RGBA of one side. `bytes`, `truth` and `image` are RGBA too; of labels and ones, the first channel counts. */
export function painted(content, error, bytes, truth, image, { categories, void: nobody }) {
  const out = new Uint8ClampedArray(bytes.length);
  for (let k = 0; k < bytes.length; k += 4) {
    const color = error ? errorColor(content, k, bytes, truth, image, nobody) : plainColor(content, k, bytes, categories);
    out.set([...color, 255], k);
  }
  return out;
}

function plainColor(content, k, bytes, categories) {
  return content === "labels" ? categories[bytes[k]].color : [bytes[k], bytes[k + 1], bytes[k + 2]];
}

function errorColor(content, k, bytes, truth, image, nobody) {
  if (content === "labels") {
    if (bytes[k] !== truth[k] && truth[k] !== nobody) return [213, 94, 0];
    return Array(3).fill(Math.floor((image[k] + image[k + 1] + image[k + 2]) / 12) + 176);
  }
  let off = 0;
  for (const c of [0, 1, 2]) off += bytes[k + c] - truth[k + c];
  const share = Math.min(Math.abs(off) / 192, 1); // 64 grey levels in each of three channels
  return (off < 0 ? [0, 114, 178] : [230, 159, 0]).map((value) => Math.floor(255 + share * (value - 255) + 0.5));
}

/** Which side is closer to the original. A side: its method, title, error, and what was said of it. */
export function verdict(left, right) {
  const real = [left, right].filter(({ method }) => method !== "original");
  if (real.length < 2) return real.map(({ title, said }) => `Against the original, ${title}: ${said}.`).join("") || "The original twice.";
  if (left.error === right.error) return `Equally close: ${left.said}.`;
  const [near, far, side] = left.error < right.error ? [left, right, "left"] : [right, left, "right"];
  return `The ${side} is closer to the original: ${near.said}. The other: ${far.said}.`;
}

/** The divider's place after a key, 0 to 1, or null. */
export function dividerAfterKey(key, divider) {
  const step = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1 }[key];
  if (key === "Home") return 0;
  if (key === "End") return 1;
  return step ? Math.round(100 * Math.min(1, Math.max(0, divider + step))) / 100 : null;
}

/** Pixels of a picture, RGBA, decoded once. */
function decoder([height, width]) {
  const done = new Map();
  const decode = async (uri) => {
    const image = new Image();
    image.src = uri;
    await image.decode();
    const board = new OffscreenCanvas(width, height).getContext("2d");
    board.drawImage(image, 0, 0);
    return board.getImageData(0, 0, width, height).data;
  };
  return (uri) => {
    if (!done.has(uri)) done.set(uri, decode(uri));
    return done.get(uri);
  };
}

/** A choice with a name in front. */
function group(name, options, onChoose) {
  const control = segmented(name, options, onChoose);
  const node = h("div", { class: "lab-group" }, h("span", { class: "soft", "aria-hidden": "true" }, name), control.node);
  const inputs = [...control.node.querySelectorAll("input")];
  return {
    node,
    choose: control.choose,
    only: (values) => inputs.forEach((input) => { input.disabled = !values.includes(input.value); }),
    name: (texts) => inputs.forEach((input, k) => say(input.nextSibling, texts[k])),
  };
}

/** The card of one side: which method, with which parameters, how far off. */
function createCard(side, data, onChoose) {
  const id = uniqueId("method");
  let parts = parse("nearest");
  const change = (part) => onChoose(compose({ ...parts, ...part }));
  const select = h("select", { id, onchange: () => change({ kind: select.value }) },
    ...KINDS.map(([value, text]) => h("option", { value }, text)));
  const align = group("align_corners", ALIGN, (value) => change({ align: value }));
  const after = group("followed by", AFTER, (value) => change({ after: value }));
  const width = group("kernel", WIDTHS.map((value) => [value, value]), (value) => change({ width: value }));
  const weights = group("weights", WEIGHTS, (value) => change({ weights: value }));
  const off = h("strong", { class: "lab-off", "data-said": side });
  const bar = h("span", { class: "lab-bar" }, h("span"));
  const about = h("p", { class: "soft", "data-about": side });
  const best = h("span", { class: "lab-best" }, "closer");
  const node = h("div", { class: "lab-card", role: "group", "aria-label": `Method on the ${side}` },
    h("div", { class: "lab-head" }, h("label", { for: id, class: "task" }, side === "left" ? "◀ Left" : "Right ▶"), best),
    select, align.node, after.node, width.node, weights.node, off, bar, about);
  return {
    node,
    show(method, factor, content, worst, wins) {
      parts = parse(method);
      const result = data.results[factor][method];
      select.value = parts.kind;
      align.choose(parts.align);
      after.choose(parts.after);
      width.choose(parts.width);
      width.name(WIDTHS.map((value) => String(value * factor)));
      weights.choose(parts.weights);
      weights.only(weightsOf(parts));
      align.node.hidden = parts.kind !== "bilinear";
      after.node.hidden = parts.kind !== "unpool";
      width.node.hidden = parts.kind !== "transposed";
      weights.node.hidden = !["transposed", "resize"].includes(parts.kind);
      say(off, result[content].said);
      bar.firstChild.style.width = `${worst > 0 ? (100 * result[content].error) / worst : 0}%`;
      say(about, result.about);
      node.classList.toggle("on", wins);
      best.hidden = !wins;
    },
  };
}

export function render({ model, el }) {
  prepare(el);
  const data = model.get("data");
  const [height, width] = data.size;
  const pixels = decoder(data.size);
  const sides = ["left", "right"];

  // ---- the picture under the divider

  const canvases = sides.map((side) => h("canvas", { width, height, class: `lab-${side}` }));
  const tags = sides.map((side) => h("span", { class: `tag lab-tag-${side}` }));
  const help = uniqueId("help");
  const handle = h("div", {
    class: "lab-handle", tabindex: 0, role: "slider", "aria-label": "Divider", "aria-describedby": help,
    "aria-valuemin": 0, "aria-valuemax": 100,
  }, h("span", { "aria-hidden": "true" }, "◀▶"));
  const stage = h("div", {
    class: "lab-stage", style: `aspect-ratio: ${width} / ${height}; max-width: calc(62vh * ${width} / ${height})`,
  }, ...canvases, ...tags, handle, h("span", { id: help, class: "unseen" }, HELP));
  const move = (event) => {
    const box = stage.getBoundingClientRect();
    put(model, "divider", Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    stage.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    event.preventDefault();
    move(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (event.isPrimary && stage.hasPointerCapture(event.pointerId)) move(event);
  });
  handle.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = dividerAfterKey(event.key, model.get("divider"));
    if (next === null) return;
    put(model, "divider", next);
    event.preventDefault();
  });

  // ---- controls

  const set = (traits) => {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    model.save_changes();
  };
  const contents = segmented("What is grown", CONTENTS, (value) => put(model, "content", value));
  const shows = segmented("What is shown", SHOWS, (value) => put(model, "show", value));
  const factors = segmented("How much it is grown", [2, 4, 8].map((factor) => [String(factor), `× ${factor}`]),
    (value) => put(model, "factor", Number(value)));
  const pairs = data.pairs.map(({ name, note, ...traits }) => ({
    traits, note, node: h("button", { type: "button", class: "chip", onclick: () => set(traits) }, name),
  }));
  const note = h("p", { class: "lab-note" });
  const swap = h("button", {
    type: "button", class: "chip", "aria-label": "Swap left and right",
    onclick: () => set({ left: model.get("right"), right: model.get("left") }),
  }, "Swap");
  const cards = sides.map((side) => createCard(side, data, (method) => put(model, side, method)));
  const legend = h("p", { class: "lab-legend soft" });
  const summary = h("p", { class: "lab-verdict", role: "status" });
  const caption = h("p", { class: "caption" });
  el.append(
    h("div", { class: "bar lab-bars" }, contents.node, factors.node, shows.node),
    h("div", { class: "chips", role: "group", "aria-label": "Comparisons worth a look" },
      h("span", { class: "soft" }, "Try"), ...pairs.map(({ node }) => node)),
    note, stage, legend, h("div", { class: "lab-line" }, summary, swap),
    h("div", { class: "lab-cards" }, ...cards.map(({ node }) => node)),
    caption,
  );

  // ---- what follows from the state

  const swatch = (color, text) => h("span", { class: "lab-key" }, h("span", { class: "swatch", style: `background: ${color}` }), text);
  const keys = (content, factor, show) => {
    if (show === "result") {
      if (content === "ones") return [h("span", {}, "Mid grey is 1, black is 0, white is 2 or more.")];
      if (content === "picture") return [h("span", {}, `Grown from ${height / factor} × ${width / factor} to ${height} × ${width} pixels.`)];
      return data.present.map((label) => swatch(`rgb(${data.categories[label].color})`, data.categories[label].name));
    }
    if (content === "labels") return [swatch("#d55e00", "wrong class"), h("span", {}, "The rest is the picture, pale.")];
    return [swatch("#0072b2", "too dark"), swatch("#e69f00", "too bright"), h("span", {}, "White is right.")];
  };
  let turn = 0;
  const draw = async () => {
    const mine = ++turn;
    const [content, factor, show] = ["content", "factor", "show"].map((name) => model.get(name));
    const shown = sides.map((side) => data.pictures[data.results[factor][model.get(side)][content].picture]);
    const [truth, image, ...both] = await Promise.all(
      [data.originals[content], data.originals.picture, ...shown].map(pixels));
    if (mine !== turn) return; // the reader has gone on
    both.forEach((bytes, k) => {
      const rgba = painted(content, show === "error", bytes, truth, image, data);
      canvases[k].getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
    });
    stage.dataset.drawn = sides.map((side) => model.get(side)).concat(content, factor, show).join("|");
  };
  const stops = [
    bind(model, ["content", "factor", "left", "right", "show"], () => {
      const [content, factor, show] = ["content", "factor", "show"].map((name) => model.get(name));
      const results = sides.map((side) => data.results[factor][model.get(side)]);
      const [left, right] = results.map((result, k) => ({ method: model.get(sides[k]), title: result.title, ...result[content] }));
      contents.choose(content);
      factors.choose(String(factor));
      shows.choose(show);
      const worst = Math.max(left.error, right.error);
      cards.forEach((card, k) => {
        const [mine, other] = k === 0 ? [left, right] : [right, left];
        const wins = mine.error < other.error && mine.method !== "original";
        card.show(mine.method, factor, content, worst, wins);
      });
      tags.forEach((tag, k) => say(tag, results[k].title));
      legend.replaceChildren(...keys(content, factor, show));
      say(summary, verdict(left, right));
      const chosen = pairs.find(({ traits }) => Object.entries(traits).every(([name, value]) => model.get(name) === value));
      for (const pair of pairs) pair.node.setAttribute("aria-pressed", pair === chosen);
      say(note, chosen?.note ?? "Drag the divider. Choose a method for each side, and see which one is closer.");
      draw();
    }),
    bind(model, ["divider", "left", "right", "factor"], () => {
      const percent = 100 * model.get("divider");
      const [left, right] = sides.map((side) => data.results[model.get("factor")][model.get(side)].title);
      stage.style.setProperty("--divider", `${percent}%`);
      handle.setAttribute("aria-valuenow", Math.round(percent));
      handle.setAttribute("aria-valuetext", `${Math.round(percent)} %: ${left} on the left, ${right} on the right`);
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
