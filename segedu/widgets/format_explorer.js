// FormatExplorer: one scene in the files of four formats; point at a pixel and read what each holds there.
import { borderPath, decodeRuns, paint, pixelAt, plural, regions, rgb, thousands, tints } from "./labels.js";
import { bind, createPicture, h, opacitySlider, prepare, put, say } from "./parts.js";

const FORMATS = [
  {
    key: "voc", title: "Pascal VOC", pictures: ["voc_class", "voc_object"], lines: ["voc_class", "voc_object"],
    note: "Two images of one byte a pixel, with a palette: a table of the colour for each number.",
  },
  {
    key: "cityscapes", title: "Cityscapes", pictures: ["label_ids", "instance_ids"],
    lines: ["label_ids", "train_ids", "instance_ids"],
    note: "Grey images of 8 and 16 bits, brightened here: opened as they are, they look black.",
  },
  {
    key: "coco", title: "COCO instances", pictures: ["coco_annotation"], lines: ["coco_annotation", "coco_run"],
    note: "No image, but JSON with an entry for each object. The strip is its mask around the pixel, read column by column.",
  },
  {
    key: "panoptic", title: "COCO panoptic", pictures: ["panoptic"], lines: ["panoptic", "segments_info"],
    note: "A colour image in which the colour is a number, and JSON that says what that number means.",
  },
];
const FILES = {
  voc_class: "SegmentationClass", voc_object: "SegmentationObject",
  label_ids: "labelIds", train_ids: "labelTrainIds", instance_ids: "instanceIds",
  coco_annotation: "annotation", coco_run: "run", panoptic: "PNG", segments_info: "segments_info",
};
const CAPTIONS = { coco_annotation: "all annotations, drawn", panoptic: "the PNG" };
const SWATCHES = ["voc_class", "voc_object", "panoptic"];

/** The run that a position lies in: [its place in the counts, the position of its first pixel]. */
export function runAt(counts, position) {
  let start = 0;
  for (let place = 0; place < counts.length; place++) {
    if (position < start + counts[place]) return [place, start];
    start += counts[place];
  }
  throw new RangeError(`position: expected less than ${start}, got ${position}`);
}

/** Which run of a mask holds a pixel, in words; null is no mask. */
export function runSentence(counts, [row, col], height) {
  if (counts === null) return "no run of ones covers this pixel";
  const position = col * height + row;
  const [place, start] = runAt(counts, position);
  return `counts[${place}] = ${plural(counts[place], "one")} from position ${thousands(start)} on; `
    + `the pixel is ${col} · ${height} + ${row} = ${thousands(position)}`;
}

/** What each file holds at a pixel of segment `id` (0: void). */
export function valuesAt(data, id, pixel) {
  const place = data.annotations[id];
  const counts = place === null ? null : data.counts[place];
  return { ...data.values[id], coco_run: runSentence(counts, pixel, data.size[0]) };
}

/** The runs between two positions, cut off there: [{ place, start, length }, …]; runs at odd places are of ones. */
export function strip(counts, from, to) {
  const pieces = [];
  for (let place = 0, start = 0; place < counts.length && start < to; start += counts[place++]) {
    const left = Math.max(start, from);
    const right = Math.min(start + counts[place], to);
    if (left < right) pieces.push({ place, start: left, length: right - left });
  }
  return pieces;
}

/** A small picture of a file, on which one can point, too. */
function createThumb(data, ids, name, onPoint) {
  const [height, width] = data.size;
  const canvas = h("canvas", { width, height, role: "img", "aria-label": `How ${CAPTIONS[name] ?? FILES[name]} of this format looks` });
  const colors = data.pictures[name].map((hex) => ({ color: rgb(hex), alpha: 255, hatched: false }));
  canvas.getContext("2d").putImageData(new ImageData(paint(ids, data.size, colors), width, height), 0, 0);
  const [halo, outline] = [h("path", { class: "halo" }), h("path", { class: "outline" })];
  const reticle = h("span", { class: "reticle" });
  const marks = h("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, halo, outline);
  const frame = h("div", { class: "thumb", style: `aspect-ratio: ${width} / ${height}` }, canvas, h("div", { class: "layers" }, marks, reticle));
  const here = (event) => onPoint(pixelAt(event.clientX, event.clientY, canvas.getBoundingClientRect(), data.size));
  frame.addEventListener("pointermove", here);
  frame.addEventListener("pointerdown", here);
  return {
    node: h("div", { class: "file", "data-picture": name }, frame, h("div", { class: "soft" }, CAPTIONS[name] ?? FILES[name])),
    show(pixel, path) {
      frame.classList.toggle("pointed", pixel !== null);
      halo.setAttribute("d", path);
      outline.setAttribute("d", path);
      if (!pixel) return;
      reticle.style.left = `${(100 * (pixel[1] + 0.5)) / width}%`;
      reticle.style.top = `${(100 * (pixel[0] + 0.5)) / height}%`;
    },
  };
}

/** The mask of an annotation around a pixel, as a strip of its runs; lines where a new column begins. */
function createStrip([height, width]) {
  const bar = h("div", { class: "runs", "aria-hidden": "true" });
  const part = (from, to, at) => `${(100 * (at - from)) / (to - from)}%`;
  return {
    node: bar,
    show(counts, pixel) {
      bar.replaceChildren();
      bar.classList.toggle("empty", !counts);
      if (!counts) return;
      const position = pixel[1] * height + pixel[0];
      const span = Math.min(2 * height, height * width);
      const from = Math.max(0, Math.min(position - Math.floor(span / 2), height * width - span));
      const to = from + span;
      const here = runAt(counts, position)[0];
      for (const { place, start, length } of strip(counts, from, to)) {
        const kind = `${place % 2 ? "ones" : "zeros"}${place === here ? " here" : ""}`;
        bar.append(h("span", { class: kind, style: `left: ${part(from, to, start)}; width: ${part(0, span, length)}` },
          length / span > 0.09 ? thousands(counts[place]) : ""));
      }
      for (let column = Math.ceil(from / height); column * height < to; column++) {
        if (column > 0) bar.append(h("span", { class: "column", style: `left: ${part(from, to, column * height)}` }));
      }
      bar.append(h("span", { class: "needle", style: `left: ${part(from, to, position + 0.5)}` }));
    },
  };
}

export function render({ model, el }) {
  prepare(el);
  const data = model.get("data");
  const [height, width] = data.size;
  const ids = decodeRuns(data.runs, height * width);
  const point = (pixel) => put(model, "pixel", pixel);

  const picture = createPicture({
    data,
    label: `Format explorer: picture of ${height} by ${width} pixels`,
    onPoint: point,
  });
  picture.node.classList.add("undimmed");
  const slider = opacitySlider((value) => put(model, "opacity", value));
  const where = h("p", { class: "where" });
  const status = h("p", { class: "unseen", role: "status" });
  const runs = createStrip(data.size);
  const thumbs = [];
  const values = {};
  const swatches = {};
  const cards = FORMATS.map(({ key, title, pictures, lines, note }) => {
    const files = pictures.map((name) => createThumb(data, ids, name, point));
    thumbs.push(...files);
    const list = h("div", { class: "values" });
    for (const name of lines) {
      values[name] = h("span", { "data-value": name });
      if (SWATCHES.includes(name)) swatches[name] = h("span", { class: "swatch", hidden: true });
      list.append(h("div", {}, h("span", { class: "key" }, FILES[name]), h("span", { class: "value" }, swatches[name] ?? null, values[name])));
    }
    return h(
      "div", { class: "format", role: "group", "aria-label": title, "data-format": key },
      h("div", { class: "task" }, title),
      h("div", { class: "files" }, ...files.map(({ node }) => node), h("p", { class: "soft note" }, note)),
      key === "coco" ? runs.node : null,
      list,
    );
  });
  const caption = h("p", { class: "caption" });
  el.append(picture.node, h("div", { class: "bar" }, where, slider.node), h("div", { class: "formats" }, ...cards), status, caption);
  picture.setLabels(
    ids, tints(data.segments, data.categories, data.colors, "panoptic"), regions(data.segments, data.categories, "panoptic"));

  let lit = null;
  let path = "";
  const stops = [
    bind(model, ["opacity"], () => {
      slider.set(model.get("opacity"));
      picture.setOpacity(model.get("opacity"));
    }),
    bind(model, ["pixel"], () => {
      const pixel = model.get("pixel");
      const id = pixel ? ids[pixel[0] * width + pixel[1]] : null;
      if (id !== lit) {
        const mine = id === null ? null : data.values.map((_, k) => k === id);
        picture.setHighlight(ids, mine);
        path = mine ? borderPath(ids, data.size, mine.map(Number), true) : "";
        lit = id;
      }
      picture.setCursor(pixel);
      thumbs.forEach((thumb) => thumb.show(pixel, path));
      const place = pixel ? data.annotations[id] : null;
      runs.show(place === null ? null : data.counts[place], pixel);
      const said = pixel ? valuesAt(data, id, pixel) : {};
      for (const name of Object.keys(values)) say(values[name], said[name] ?? "…");
      for (const name of SWATCHES) {
        swatches[name].toggleAttribute("hidden", !pixel);
        if (pixel) swatches[name].style.background = data.pictures[name][id];
      }
      say(where, pixel ? `Pixel in row ${pixel[0]}, column ${pixel[1]}`
        : "Point at a pixel: with the mouse, a finger, or the arrow keys.");
      say(status, pixel ? Object.keys(values).map((name) => `${FILES[name]} ${said[name]}.`).join(" ") : "");
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
