// NetworkShapes: a network as bars, one a map; choose one, and see its size, its cost, and how much it sees.
import { bind, h, prepare, put, say, uniqueId } from "./parts.js";

const HELP = "Choose a map: press on its bar, or move the slider. Bars are as tall as their maps (square roots, so that "
  + "the smallest can be seen), and wider with more channels.";
const HOWS = [["concatenated", "concatenated"], ["summed", "summed"], ["switches", "switches of a pooling"]];
const KINDS = [
  ["conv", "convolution"], ["pool", "pooling"], ["unpool", "unpooling"], ["transposed", "transposed convolution"],
  ["concat", "concatenation"], ["sum", "sum"], ["crop", "crop"],
];

/** Which step lies under a place along the bars, 0 to 1. */
export function stepAt(share, count) {
  return Math.min(count - 1, Math.max(0, Math.floor(share * count)));
}

/** The SVG path of a skip link: up from its source, across, and down to its target. Heights grow upwards from 0. */
export function linkPath({ source, target, y }, bars) {
  const [from, to] = [source, target].map((at) => -bars[at][1] / 2);
  return `M${source + 0.5} ${from}V${-y}H${target + 0.5}V${to}`;
}

/** The part of a box that lies inside a picture of some height and width: left, top, right, bottom. */
export function inside([left, top, right, bottom], [height, width]) {
  const clip = (at, most) => Math.min(most, Math.max(0, at));
  return [clip(left, width), clip(top, height), clip(right, width), clip(bottom, height)];
}

/** A stretch of a line as it is drawn for one kind of link. */
function sample(how) {
  const svg = h("svg", { viewBox: "0 0 30 8", class: "net-sample", "aria-hidden": "true" });
  svg.append(h("path", { class: `net-link ${how}`, d: "M1 4H29" }));
  return svg;
}

export function render({ model, el }) {
  prepare(el);
  const data = model.get("data");
  const byName = new Map(data.networks.map((network) => [network.name, network]));
  const now = () => byName.get(model.get("network"));
  const status = h("p", { class: "unseen", role: "status" });

  const choose = (step) => {
    put(model, "step", step);
    say(status, now().steps[step].said);
  };
  const change = (name) => {
    const last = byName.get(name).steps.length - 1;
    model.set("network", name);
    model.set("step", Math.min(model.get("step"), last));
    model.save_changes();
    say(status, now().steps[model.get("step")].said);
  };
  const button = (text, onclick, properties = {}) => h("button", { type: "button", class: "chip", onclick, ...properties }, text);

  // ---- the network

  const tabs = data.networks.map(({ name }) => [name, button(name, () => change(name))]);
  const total = h("p", { class: "net-total soft" });
  const svg = h("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
  const sizes = h("div", { class: "net-sizes", "aria-hidden": "true" });
  const board = h("div", { class: "net-board" }, svg, sizes);
  const legend = h("div", { class: "net-legend soft" });
  const point = (event) => {
    const box = svg.getBoundingClientRect();
    const step = stepAt((event.clientX - box.left) / box.width, now().steps.length);
    if (step !== model.get("step")) choose(step);
  };
  board.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    board.setPointerCapture(event.pointerId);
    point(event);
  });
  board.addEventListener("pointermove", (event) => {
    if (event.isPrimary && board.hasPointerCapture(event.pointerId)) point(event);
  });
  const drawNetwork = () => {
    const { steps, links, labels, top } = now();
    const bars = steps.map(({ bar }) => bar);
    svg.setAttribute("viewBox", `0 ${-top} ${steps.length} ${top + 0.53}`);
    const mark = h("rect", { class: "net-mark", y: -top, height: top + 0.53, width: 1 });
    const rects = bars.map(([width, height], k) => h("rect", {
      class: "net-bar", x: k + (1 - width) / 2, y: -height / 2, width, height, style: `fill: ${data.colors[steps[k].kind]}`,
    }));
    const paths = links.map((link) => h("path", { class: `net-link ${link.how}`, d: linkPath(link, bars) }));
    svg.replaceChildren(mark, ...rects, ...paths);
    sizes.replaceChildren(...labels.map(([at, text]) => h("span", { style: `left: ${(100 * at) / steps.length}%` }, text)));
    const kinds = KINDS.filter(([kind]) => steps.some((step) => step.kind === kind));
    const hows = HOWS.filter(([how]) => links.some((link) => link.how === how));
    legend.replaceChildren(
      ...kinds.map(([kind, text]) => h("span", { class: "net-key" },
        h("span", { class: "swatch", style: `background: ${data.colors[kind]}` }), text)),
      ...hows.map(([how, text]) => h("span", { class: "net-key" }, sample(how), text)),
    );
  };

  // ---- one of its steps

  const id = uniqueId("step");
  const slider = h("input", { id, type: "range", min: 0, step: 1, oninput: () => choose(Number(slider.value)) });
  const count = h("span", { class: "net-count", "aria-hidden": "true" }); // the slider says it
  const back = button("Back", () => choose(model.get("step") - 1));
  const next = button("Next", () => choose(model.get("step") + 1));
  const label = h("strong");
  const name = h("code");
  const facts = [["shape", "Map: channels × height × width"], ["memory", "Memory, as float32"],
    ["field", "The middle number sees"], ["parameters", "Parameters"]]
    .map(([key, text]) => [key, h("p", { class: "net-value", "data-fact": key }), h("p", { class: "net-term" }, text)]);
  const share = h("span", { class: "net-share", "aria-hidden": "true" }, h("span"));
  const ways = h("div", { class: "chips net-ways" });
  const square = ["net-halo", "net-square"].map((kind) => h("path", { class: kind }));
  const marks = h("svg", { preserveAspectRatio: "none" });
  marks.append(h("path", { class: "net-dim", "fill-rule": "evenodd" }), ...square);
  const [height, width] = data.size;
  const photo = h("div", { class: "picture net-photo", style: `aspect-ratio: ${width} / ${height}` },
    h("img", { src: data.image, alt: data.alt, draggable: "false", class: "segedu-image" }),
    h("div", { class: "layers", "aria-hidden": "true" }, marks));
  const seen = h("p", { class: "soft net-under" });
  const channels = h("img", { class: "segedu-image net-channels", alt: "channels of this map", draggable: "false" });
  const which = h("p", { class: "soft net-under" });
  const figures = h("div", { class: "net-figures" },
    h("div", {}, photo, seen), h("div", {}, channels, which));
  const drawStep = () => {
    const { steps, size } = now();
    const number = Math.min(model.get("step"), steps.length - 1);
    const step = steps[number];
    slider.max = steps.length - 1;
    slider.value = number;
    slider.setAttribute("aria-valuetext", `${number}, ${step.label}`);
    say(count, `${number} / ${steps.length - 1}`);
    back.disabled = number === 0;
    next.disabled = number === steps.length - 1;
    say(label, step.label);
    say(name, step.module);
    name.hidden = !step.module;
    const texts = { ...step, field: `${step.field} pixels` };
    for (const [key, value] of facts) say(value, texts[key]);
    share.firstChild.style.width = `${100 * step.share}%`;
    const way = ([at, text]) => button(text, () => choose(at));
    ways.replaceChildren(...step.from.map(([at, text]) => way([at, `takes ${text}`])), ...step.to.map(way));
    svg.querySelector(".net-mark").setAttribute("x", number);
    const [left, top, right, bottom] = inside(step.box, size);
    const path = `M${left} ${top}H${right}V${bottom}H${left}z`;
    marks.setAttribute("viewBox", `0 0 ${size[1]} ${size[0]}`);
    marks.firstChild.setAttribute("d", `M0 0H${size[1]}V${size[0]}H0z${path}`);
    for (const node of square) node.setAttribute("d", path);
    const beyond = [left, top, right, bottom].some((edge, k) => edge !== step.box[k]);
    say(seen, beyond ? "What its middle number sees reaches beyond the picture." : "What its middle number sees.");
    channels.parentNode.hidden = !step.shown;
    if (step.shown) {
      const { uri, channels: numbers, size: [wide, high] } = step.shown;
      channels.src = uri;
      channels.alt = `${numbers.length} channels of this map`;
      channels.style.aspectRatio = `${wide} / ${high}`;
      say(which, `${numbers.length === 1 ? "Channel" : "Channels"} ${numbers.join(", ")}: black is lowest, white highest.`);
    }
    for (const row of table.querySelectorAll("tbody tr")) row.classList.toggle("on", Number(row.dataset.step) === number);
  };

  // ---- all of them

  const table = h("table", { class: "net-table" });
  const drawTable = () => {
    const heads = ["Step", "Layer", "Map", "Memory", "Sees", "Parameters"];
    const rows = now().steps.map((step, k) => h("tr", { "data-step": k },
      ...[String(k), step.label, step.shape, step.memory, step.field, step.parameters].map((text, column) =>
        (column === 1 ? h("th", { scope: "row" }, text) : h("td", {}, text)))));
    table.replaceChildren(h("caption", { class: "unseen" }, `All steps of ${now().name}`),
      h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, ...rows));
  };

  const caption = h("p", { class: "caption" });
  el.append(
    status,
    tabs.length > 1 ? h("div", { class: "chips", role: "group", "aria-label": "Networks" }, ...tabs.map(([, node]) => node)) : "",
    total, board, legend,
    h("div", { class: "net-steps" }, back, h("label", { for: id, class: "unseen" }, "Step"), slider, count, next),
    h("div", { class: "net-card" },
      h("p", { class: "net-head" }, label, " ", name),
      h("div", { class: "net-facts" }, ...facts.map(([key, value, term]) =>
        h("div", {}, term, value, key === "memory" ? share : null))),
      ways, figures),
    h("details", { class: "net-all" }, h("summary", {}, "All steps as a table"),
      h("div", { class: "net-scroll", tabindex: 0, role: "region", "aria-label": "All steps" }, table)),
    h("p", { class: "soft" }, HELP),
    caption,
  );

  const stops = [
    bind(model, ["network"], () => {
      for (const [title, node] of tabs) node.setAttribute("aria-pressed", title === model.get("network"));
      say(total, `${now().name}: ${now().total}.`);
      drawNetwork();
      drawTable();
      drawStep();
    }),
    bind(model, ["step"], drawStep),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
