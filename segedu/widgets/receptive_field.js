// ReceptiveField: stack layers on a picture, and see the square that one number sees grow.
import { plural, thousands } from "./labels.js";
import { bind, createPicture, h, prepare, put, say, segmented, uniqueId } from "./parts.js";

/** The padding that keeps the size of a map: half of what the kernel spans beyond its first number. */
const half = ({ kernel, dilation }) => Math.floor((dilation * (kernel - 1)) / 2);

/** Field, stride and start after each layer, in pixels of the picture along one axis. */
export function receptiveField(layers, padded) {
  let [field, stride, start] = [1, 1, 0];
  return layers.map((layer) => {
    field += layer.dilation * (layer.kernel - 1) * stride;
    start -= (padded ? half(layer) : 0) * stride;
    stride *= layer.stride;
    return { field, stride, start };
  });
}

/** How many numbers a map has after each layer along one axis; null from where nothing is left. */
export function mapSizes(layers, padded, size) {
  let count = size;
  return layers.map((layer) => {
    const room = (count ?? -Infinity) + (padded ? 2 * half(layer) : 0) - layer.dilation * (layer.kernel - 1) - 1;
    count = room < 0 ? null : Math.floor(room / layer.stride) + 1;
    return count;
  });
}

/** How many pixels of a row can change one number after the layers, far from the border. */
export function used(layers) {
  let offsets = new Set([0]);
  for (const { kernel, stride, dilation } of [...layers].reverse()) {
    const below = new Set();
    for (const at of offsets) for (let tap = 0; tap < kernel; tap++) below.add(stride * at + dilation * tap);
    offsets = below;
  }
  return offsets.size;
}

/** What a number sees after each layer: of each map the one whose square has its middle nearest to `pixel`. */
export function looks({ layers, padded, size, pixel }) {
  const counts = size.map((side) => mapSizes(layers, padded, side));
  return receptiveField(layers, padded).map(({ field, stride, start }, k) => {
    const map = counts.some((count) => count[k] === null) ? null : counts.map((count) => count[k]);
    const nearest = (at, count) => Math.min(count - 1,
      Math.max(0, Math.floor((2 * at + 1 - 2 * start - field + stride) / (2 * stride))));
    const unit = map && pixel.map((at, axis) => nearest(at, map[axis]));
    const [top, left] = unit ? unit.map((at) => start + stride * at) : [null, null];
    const box = unit && [left, top, left + field, top + field];
    return { number: k + 1, field, stride, start, map, unit, box, used: used(layers.slice(0, k + 1)) };
  });
}

/** What one number sees, in words. */
export function sentences({ number, field, stride, map, box, used: some }, [height, width]) {
  const side = thousands(field);
  const parts = [
    `After ${plural(number, "layer")}, one number sees ${side} × ${side} pixel${field === 1 ? "" : "s"}.`,
    some === field ? "It can look at each of them."
      : `It has holes: it looks at ${thousands(some ** 2)} of these ${thousands(field ** 2)}.`,
    `The next number sees a square ${plural(stride, "pixel")} further.`,
  ];
  if (map === null) return [...parts, "But no number is left: the map has become too small for a kernel."].join(" ");
  parts.push(`The map has ${thousands(map[0])} × ${thousands(map[1])} numbers.`);
  const [left, top, right, bottom] = box;
  if (Math.min(left, top) < 0 || right > width || bottom > height) {
    parts.push("This square reaches beyond the picture, into the padding.");
  }
  return parts.join(" ");
}

/** Along one axis, which numbers of each map number `unit` of the last one depends on, from the picture on. */
export function cone(layers, padded, width, unit) {
  const counts = [width, ...mapSizes(layers, padded, width)];
  const levels = [[unit]];
  for (let k = layers.length - 1; k >= 0; k--) {
    const { kernel, stride, dilation } = layers[k];
    const padding = padded ? half(layers[k]) : 0;
    const below = new Set();
    for (const at of levels[0]) {
      if (at < 0 || at >= counts[k + 1]) continue; // padding depends on nothing
      for (let tap = 0; tap < kernel; tap++) below.add(stride * at - padding + dilation * tap);
    }
    levels.unshift([...below].sort((a, b) => a - b));
  }
  return levels;
}

/** "conv 3×3 /2", "pool 2×2 /2", "conv 3×3 d4". */
export function layerName({ kind, kernel, stride, dilation }) {
  return `${kind} ${kernel}×${kernel}${stride > 1 ? ` /${stride}` : ""}${dilation > 1 ? ` d${dilation}` : ""}`;
}

/** Why a stack is refused, or null if it is sound. */
export function refusal(layers, limits) {
  if (layers.length === 0) return "One layer has to stay.";
  if (layers.length > limits.layers) return `There is room for ${limits.layers} layers.`;
  const { field, stride } = receptiveField(layers, false).at(-1);
  if (Math.max(field, stride) > limits.field) return `That would see more than ${thousands(limits.field)} pixels.`;
  return null;
}

/** The squares of earlier layers that can be told from each other and from the last, which is left out. */
export function rings(all) {
  let last = all.at(-1);
  const room = Math.max(8, last.field / 16);
  return all.slice(0, -1).reverse().filter((look) => {
    const apart = look.box !== null && last.field - look.field >= room;
    if (apart) last = look;
    return apart;
  });
}

const LEVEL = 10; // units of the side view from one map to the next

/** SVG paths of the side view of one cone: what lies between the maps, and the numbers themselves. */
function sidePaths(levels, places, counts, room) {
  const bands = [];
  const lines = [];
  const dots = [];
  const empty = [];
  levels.forEach((units, level) => {
    const y = LEVEL * (level + 0.5);
    const { stride } = places[level];
    const at = (unit) => places[level].start + stride * unit + places[level].field / 2;
    const inside = (unit) => unit >= 0 && unit < counts[level];
    if (level > 0) {
      const above = levels[level - 1];
      const lower = places[level - 1];
      const at0 = (unit) => lower.start + lower.stride * unit + lower.field / 2;
      bands.push(`M${at0(above[0])} ${y - LEVEL}H${at0(above.at(-1))}L${at(units.at(-1))} ${y}H${at(units[0])}z`);
      if (lower.stride * 110 > room) { // else lines would run into each other
        for (const unit of units.filter(inside)) {
          for (const tap of places[level].taps(unit)) lines.push(`M${at0(tap)} ${y - LEVEL}L${at(unit)} ${y}`);
        }
      }
    }
    for (const unit of units) (inside(unit) ? dots : empty).push(`M${at(unit)} ${y}h0`);
  });
  return { bands: bands.join(""), lines: lines.join(""), dots: dots.join(""), empty: empty.join("") };
}

/** A cone from the side, with the row of the picture that it stands on. */
function createSide(data) {
  const [height, width] = data.size;
  const strip = h("img", { src: data.image, alt: "The row of pixels that the field lies on", class: "segedu-image" });
  const rest = ["bands", "lines"].map((name) => [name, h("path", { class: `whole ${name}` })]);
  const lit = ["bands", "lines", "dots", "empty"].map((name) => [name, h("path", { class: `lit ${name}` })]);
  const beyond = h("path", { class: "beyond" });
  const svg = h("svg", { preserveAspectRatio: "none" });
  svg.append(beyond, ...rest.map(([, path]) => path), ...lit.map(([, path]) => path));
  const [first, last] = [h("span"), h("span")];
  const names = h("div", { class: "field-levels" }); // seen where the table does not stand beside
  const ends = h("p", { class: "field-ends" }, first, last);
  const node = h("div", { class: "field-side", "aria-hidden": "true" }, ends, names,
    h("div", { class: "field-cone" }, h("div", { class: "field-strip" }, strip), svg));
  return {
    node,
    show({ layers, padded, pixel }, all, selected) {
      node.style.setProperty("--levels", layers.length + 1);
      names.replaceChildren(...["", ...layers].map((_, level) => h("span", {}, level === 0 ? "pic" : String(level))));
      const counts = [width, ...mapSizes(layers, padded, width)];
      const places = [{ field: 1, stride: 1, start: 0 }, ...all.map(({ field, stride, start }, k) => ({
        field, stride, start,
        taps: (unit) => Array.from({ length: layers[k].kernel }, (_, tap) =>
          layers[k].stride * unit - (padded ? half(layers[k]) : 0) + layers[k].dilation * tap),
      }))];
      const deepest = all.filter(({ box }) => box !== null).at(-1);
      node.classList.toggle("nothing", !deepest);
      if (!deepest) return;
      const margin = Math.max(3, Math.ceil(deepest.field / 16));
      const from = deepest.box[0] - margin;
      const room = deepest.field + 2 * margin;
      const paths = (number) => sidePaths(
        cone(layers.slice(0, number), padded, width, all[number - 1].unit[1]), places, counts, room);
      const draw = (parts, made) => parts.forEach(([name, path]) => path.setAttribute("d", made[name]));
      draw(rest, paths(deepest.number));
      draw(lit, all[selected - 1].box ? paths(selected) : { bands: "", lines: "", dots: "", empty: "" });
      const tall = LEVEL * (layers.length + 1);
      svg.setAttribute("viewBox", `${from} 0 ${room} ${tall}`);
      beyond.setAttribute("d", `${from < 0 ? `M${from} 0H0V${tall}H${from}z` : ""}${
        from + room > width ? `M${width} 0H${from + room}V${tall}H${width}z` : ""}`);
      strip.style.width = `${(100 * width) / room}%`;
      strip.style.left = `${(-100 * from) / room}%`;
      strip.style.transform = `translateY(${(-100 * (pixel[0] + 0.5)) / height}%)`;
      ends.style.paddingInline = `${(100 * margin) / room}%`;
      say(first, `column ${from + margin}`);
      say(last, `column ${from + room - margin - 1}`);
    },
  };
}

export function render({ model, el }) {
  prepare(el);
  const data = model.get("data");
  const [height, width] = data.size;
  const now = () => ({
    layers: model.get("layers"), padded: model.get("padded"), size: data.size, pixel: model.get("pixel"),
  });
  const status = h("p", { class: "unseen", role: "status" });
  let timer = null; // while it grows by itself

  // ---- the picture with its squares

  const picture = createPicture({
    data,
    label: `Picture of ${height} by ${width} pixels with the receptive field`,
    onPoint: (pixel) => {
      put(model, "pixel", pixel);
      tell();
    },
  });
  const dim = h("path", { class: "field-dim", "fill-rule": "evenodd" });
  const [earlier, halo, square] = ["field-rings", "field-halo", "field-square"].map((name) => h("path", { class: name }));
  const marks = h("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" });
  marks.append(dim, earlier, halo, square);
  picture.layers.prepend(marks);
  // A hand that only passes over the picture, on its way to the table, changes nothing: press to choose.
  const stage = h("div", { class: "field-stage" }, picture.node);
  stage.addEventListener("pointermove", (event) => {
    if (event.buttons === 0) event.stopPropagation();
  }, true);

  // ---- the stack

  const select = (number) => {
    put(model, "selected", number);
    tell();
  };
  /** Take a new stack if it is sound, and select one of its layers; else say why not. */
  const change = (layers, selected) => {
    const why = refusal(layers, data.limits);
    say(warning, why ?? "");
    if (why) return;
    model.set("layers", layers);
    model.set("selected", selected);
    model.save_changes();
    tell();
  };
  const tell = () => say(status, sentences(looks(now())[model.get("selected") - 1], data.size));
  const edit = (values) => {
    const [layers, at] = [[...model.get("layers")], model.get("selected") - 1];
    layers[at] = { ...layers[at], ...values };
    change(layers, at + 1);
    if (warning.textContent) showLayer(); // back to what still holds
  };
  const add = () => {
    const [layers, at] = [[...model.get("layers")], model.get("selected")];
    layers.splice(at, 0, { kind: "conv", kernel: 3, stride: 1, dilation: 1 });
    change(layers, at + 1);
  };
  const remove = () => {
    const [layers, at] = [[...model.get("layers")], model.get("selected") - 1];
    layers.splice(at, 1);
    change(layers, Math.min(at + 1, layers.length));
  };
  const shift = (by) => {
    const [layers, at] = [[...model.get("layers")], model.get("selected") - 1];
    if (at + by < 0 || at + by >= layers.length) return;
    [layers[at], layers[at + by]] = [layers[at + by], layers[at]];
    change(layers, at + by + 1);
  };
  const halt = () => {
    clearInterval(timer);
    timer = null;
    say(play, "Watch it grow");
  };
  const grow = () => {
    if (timer !== null) return halt();
    say(play, "Stop");
    select(1);
    timer = setInterval(() => {
      if (model.get("selected") < model.get("layers").length) select(model.get("selected") + 1);
      else halt();
    }, 450);
  };

  const button = (text, onclick) => h("button", { type: "button", class: "chip", onclick }, text);
  const play = button("Watch it grow", grow);
  const presets = data.presets.map((preset) => ({
    ...preset,
    node: button(preset.name, () => {
      model.set("padded", preset.padded);
      change(preset.layers.map((layer) => ({ ...layer })), preset.layers.length);
    }),
  }));
  const note = h("p", { class: "field-note" });
  const kind = segmented("Kind of layer", [["conv", "conv"], ["pool", "pool"]], (chosen) => edit(
    chosen === "pool" ? { kind: "pool", kernel: 2, stride: 2, dilation: 1 }
      : { kind: "conv", kernel: 3, stride: 1, dilation: 1 }));
  const choices = [["kernel", [1, 2, 3, 5, 7]], ["stride", [1, 2, 4]], ["dilation", [1, 2, 4, 8, 16]]].map(([name, usual]) => {
    const id = uniqueId(name);
    const list = h("select", { id, onchange: () => edit({ [name]: Number(list.value) }) });
    const show = (value) => {
      const values = [...new Set([...usual, value])].sort((a, b) => a - b);
      list.replaceChildren(...values.map((each) => h("option", { value: each }, name === "kernel" ? `${each}×${each}` : String(each))));
      list.value = String(value);
    };
    return { name, show, node: h("div", { class: "field-choice" }, h("label", { for: id }, name), list) };
  });
  const padding = segmented("Padding", [["yes", "padding"], ["no", "no padding"]],
    (chosen) => { put(model, "padded", chosen === "yes"); tell(); });
  const [plus, sooner, later, minus] = [
    button("Add after", add), button("Earlier", () => shift(-1)), button("Later", () => shift(1)), button("Remove", remove)];
  const which = h("strong", { class: "field-which" });
  const warning = h("p", { class: "field-warning", role: "alert" });
  const showLayer = () => {
    const layers = model.get("layers");
    const number = Math.min(model.get("selected"), layers.length);
    const layer = layers[number - 1];
    say(which, `Layer ${number}`);
    kind.choose(layer.kind);
    for (const choice of choices) choice.show(layer[choice.name]);
    sooner.disabled = number === 1;
    later.disabled = number === layers.length;
    minus.disabled = layers.length === 1;
    plus.disabled = layers.length === data.limits.layers;
  };

  // ---- the table

  const body = h("tbody");
  const heads = ["Layer", "Map", "Field", "Jump", "Start"];
  const table = h("table", { class: "field-table" },
    h("caption", { class: "unseen" }, "What one number sees after each layer, in pixels"),
    h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)))), body);
  const side = createSide(data);
  const onKey = (event) => {
    const count = model.get("layers").length;
    const number = model.get("selected");
    const steps = { ArrowUp: -1, ArrowDown: 1, Home: -count, End: count };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps && event.shiftKey) shift(Math.sign(steps[event.key]));
    else if (event.key in steps) select(Math.min(count, Math.max(1, number + steps[event.key])));
    else if (event.key === "Delete" || event.key === "Backspace") remove();
    else if (event.key === "+" || event.key === "Insert") add();
    else return;
    event.preventDefault();
    body.querySelector("button[tabindex='0']")?.focus();
  };
  body.addEventListener("keydown", onKey);
  const hint = uniqueId("hint");
  const cells = (texts) => texts.map((text) => h("td", {}, text));
  const showTable = (all, selected) => {
    const layers = model.get("layers");
    const focused = body.contains(document.activeElement);
    const rows = layers.map((layer, k) => {
      const { map, field, stride, start } = all[k];
      const on = k + 1 === selected;
      const pick = h("button", {
        type: "button", "aria-pressed": String(on), tabindex: on ? 0 : -1, "aria-describedby": hint,
        onclick: () => select(k + 1),
      }, h("span", { class: "field-number" }, String(k + 1)), layerName(layer));
      return h("tr", { class: on ? "on" : null, "data-layer": k + 1 }, h("th", { scope: "row" }, pick),
        ...cells([map ? `${map[0]}×${map[1]}` : "–", thousands(field), thousands(stride), thousands(start).replace("-", "−")]));
    });
    body.replaceChildren(
      h("tr", { class: "field-input" }, h("th", { scope: "row" }, "picture"), ...cells([`${height}×${width}`, "1", "1", "0"])), ...rows);
    if (focused) body.querySelector("button[tabindex='0']").focus({ preventScroll: true });
  };

  const saying = h("p", { class: "field-sentence" });
  const caption = h("p", { class: "caption" });
  el.append(
    status,
    h("div", { class: "chips field-presets", role: "group", "aria-label": "Examples" }, ...presets.map(({ node }) => node)),
    note, stage, saying,
    h("div", { class: "field-editor", role: "group", "aria-label": "The selected layer" },
      h("div", { class: "field-row" }, which, kind.node, ...choices.map(({ node }) => node)),
      h("div", { class: "field-row" }, h("div", { class: "chips" }, plus, sooner, later, minus), padding.node, play),
      warning),
    h("div", { class: "field-board" }, h("div", {}, table), side.node),
    h("p", { class: "soft", id: hint },
      "Choose a layer in the table: arrow keys go through it, with Shift they move the layer, + adds one, Delete removes it. "
      + "Press on the picture to move the field."),
    h("p", { class: "soft" }, "All numbers are pixels of the picture, along one side. Field: how much one number sees. Jump: from its "
      + "field to that of its neighbour. Start: where the field of the first number begins."),
    caption,
  );

  const stops = [
    bind(model, ["layers", "padded", "selected", "pixel"], () => {
      const state = now();
      const selected = Math.min(model.get("selected"), state.layers.length);
      const all = looks(state);
      const look = all[selected - 1];
      const path = ([left, top, right, bottom]) => `M${left} ${top}H${right}V${bottom}H${left}z`;
      dim.setAttribute("d", look.box ? `M0 0H${width}V${height}H0z${path(look.box)}` : "");
      earlier.setAttribute("d", rings(all.slice(0, selected)).map(({ box }) => path(box)).join(""));
      for (const node of [halo, square]) node.setAttribute("d", look.box ? path(look.box) : "");
      picture.setCursor(state.pixel);
      say(saying, sentences(look, data.size));
      showTable(all, selected);
      side.show(state, all, selected);
    }),
    bind(model, ["layers", "selected"], showLayer),
    bind(model, ["layers", "padded"], () => {
      padding.choose(model.get("padded") ? "yes" : "no");
      const same = (preset) => preset.padded === model.get("padded")
        && preset.layers.map(layerName).join() === model.get("layers").map(layerName).join();
      const shown = presets.find(same);
      for (const preset of presets) preset.node.setAttribute("aria-pressed", preset === shown);
      say(note, shown?.note ?? "Choose an example, or build a stack of your own.");
      note.classList.toggle("asking", !shown);
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => {
    halt();
    stops.forEach((stop) => stop());
  };
}

export default { render };
