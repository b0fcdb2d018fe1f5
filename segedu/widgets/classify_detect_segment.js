// ClassifyDetectSegment: one scene, three answers; what each says about a pixel, and how many numbers it takes.
import { decodeRuns, plural, regions, thousands, tints } from "./labels.js";
import { bind, createPicture, createReading, h, opacitySlider, prepare, put, segmented } from "./parts.js";

const ANSWERS = [["labels", "Labels"], ["boxes", "Boxes"], ["label_map", "Label map"]];
const TASK = {
  labels: "Classify: which classes are in the image?",
  boxes: "Detect: which objects, and roughly where?",
  label_map: "Segment: which class is each pixel?",
};

/** For each box whether the pixel [row, col] lies in it; right and bottom are edges, so they are outside. */
export function within(boxes, [row, col]) {
  return boxes.map(({ xyxy: [left, top, right, bottom] }) => left <= col && col < right && top <= row && row < bottom);
}

/** Whether two boxes of the page share a point. */
export function touching(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** What image labels, boxes and a label map tell about a pixel of segment `id` (0: void). */
export function answersAt(segments, categories, boxes, id, pixel) {
  const names = categories.map(({ name }) => name);
  const present = [...new Set(segments.map(({ label }) => label))].map((label) => names[label]);
  const hit = within(boxes, pixel);
  const inside = boxes.filter((_, k) => hit[k]).map(({ label }) => names[label]);
  return {
    labels: `somewhere in the image: ${present.join(", ") || "nothing that has a label"}`,
    boxes: inside.length ? `inside ${plural(inside.length, "box", "boxes")}: ${inside.join(", ")}` : "inside no box",
    label_map: id === 0 ? "nobody labelled this pixel (void)" : `this pixel is ${names[segments[id - 1].label]}`,
  };
}

export function render({ model, el }) {
  prepare(el);
  const data = model.get("data");
  const { segments, categories, colors, boxes } = data;
  const [height, width] = data.size;
  const ids = decodeRuns(data.runs, height * width);

  const picture = createPicture({
    data,
    label: `Classify, detect, segment: picture of ${height} by ${width} pixels`,
    onPoint: (pixel) => put(model, "pixel", pixel),
  });
  const tags = [...new Set(segments.map(({ label }) => label))].map((label) => h(
    "span", { class: "tag" },
    h("span", { class: "swatch", style: `background: ${categories[label].color}` }), categories[label].name,
  ));
  const frames = boxes.map(({ label, segment, xyxy: [left, top, right, bottom] }) => h(
    "span", {
      class: `frame${top < height / 12 ? " low" : ""}${right - left < width / 12 ? " small" : ""}`,
      style: `left: ${(100 * left) / width}%; top: ${(100 * top) / height}%;`
        + `width: ${(100 * (right - left)) / width}%; height: ${(100 * (bottom - top)) / height}%;`
        + `--color: ${colors[segment - 1]}`,
    },
    h("span", { class: "tag" }, categories[label].name),
  ));
  picture.layers.append(h("div", { class: "tags" }, ...tags), h("div", { class: "frames" }, ...frames));

  const views = segmented("Answer", ANSWERS, (view) => put(model, "view", view));
  const slider = opacitySlider((value) => put(model, "opacity", value));
  const facts = ({ numbers, formula, cannot }) => [
    h("div", { class: "amount" }, h("strong", {}, thousands(numbers)), numbers === 1 ? " number" : " numbers"),
    h("div", { class: "soft" }, formula),
    h("div", { class: "cannot" }, cannot),
  ];
  const reading = createReading(ANSWERS.map(([key, title]) => [key, title, facts(data.answers[key])]));
  const caption = h("p", { class: "caption" });
  el.append(picture.node, h("div", { class: "bar" }, views.node, slider.node), ...reading.nodes, caption);

  /** A tag under the cursor lets the picture through. Measured once all is laid out. */
  const stepAside = () => requestAnimationFrame(() => {
    const cursor = picture.node.querySelector(".reticle").getBoundingClientRect();
    for (const tag of tags) tag.classList.toggle("aside", touching(tag.getBoundingClientRect(), cursor));
  });

  const stops = [
    bind(model, ["view"], () => {
      const view = model.get("view");
      const painted = view === "label_map" ? "semantic" : "image";
      views.choose(view);
      slider.enable(view === "label_map");
      reading.mark(view);
      picture.setLabels(ids, tints(segments, categories, colors, painted), regions(segments, categories, painted));
      picture.node.dataset.view = view;
      stepAside();
    }),
    bind(model, ["opacity"], () => {
      slider.set(model.get("opacity"));
      picture.setOpacity(model.get("opacity"));
    }),
    bind(model, ["pixel"], () => {
      const pixel = model.get("pixel");
      picture.setCursor(pixel);
      const id = pixel ? ids[pixel[0] * width + pixel[1]] : 0;
      reading.show(pixel, pixel ? answersAt(segments, categories, boxes, id, pixel) : TASK);
      within(boxes, pixel ?? [-1, -1]).forEach((hit, k) => frames[k].classList.toggle("hit", hit));
      stepAside();
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
