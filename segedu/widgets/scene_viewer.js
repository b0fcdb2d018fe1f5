// SceneViewer: one scene, four views; point at a pixel and read what each task says about it.
import { decodeRuns, describe, percent, plural, regions, segmentName, thousands, tints } from "./labels.js";
import { QUESTIONS, TASKS, bind, createPicture, createReading, h, opacitySlider, prepare, put, segmented } from "./parts.js";

export function render({ model, el }) {
  prepare(el);
  const data = model.get("data");
  const { segments, categories, colors } = data;
  const [height, width] = data.size;
  const ids = decodeRuns(data.runs, height * width);
  const idAt = ([row, col]) => ids[row * width + col];
  const select = (id) => put(model, "selected", id === 0 || id === model.get("selected") ? null : id);

  const picture = createPicture({
    data,
    label: `Scene viewer: picture of ${height} by ${width} pixels`,
    onPoint: (pixel) => put(model, "pixel", pixel),
    onPick: (pixel) => select(pixel ? idAt(pixel) : 0),
  });
  const views = segmented("View", [["image", "Image"], ...TASKS], (view) => put(model, "view", view));
  const slider = opacitySlider((value) => put(model, "opacity", value));
  const reading = createReading(TASKS);

  const buttons = segments.map((segment, k) => h(
    "button", { type: "button", class: "segment", onclick: () => select(k + 1) },
    h("span", { class: "swatch", style: `background: ${colors[k]}` }),
    h("span", { class: "name" }, segmentName(segment, categories)),
    h("span", { class: "number" }, thousands(segment.area)),
    h("span", { class: "number share" }, percent(segment.area, height * width)),
  ));
  const unlabelled = height * width - segments.reduce((sum, { area }) => sum + area, 0);
  const list = h(
    "details", { class: "segments", open: true },
    h("summary", {}, plural(segments.length, "segment"), h("span", { class: "soft" }, "pixels, share of the image")),
    h("ul", {}, ...buttons.map((button) => h("li", {}, button))),
    unlabelled === 0 ? null
      : h("p", { class: "soft" }, `Void: ${plural(unlabelled, "pixel")}, ${percent(unlabelled, height * width)}.`),
  );
  const caption = h("p", { class: "caption" });
  el.append(picture.node, h("div", { class: "bar" }, views.node, slider.node), ...reading.nodes, list, caption);

  const stops = [
    bind(model, ["view"], () => {
      const view = model.get("view");
      views.choose(view);
      slider.enable(view !== "image");
      reading.mark(view);
      picture.setLabels(ids, tints(segments, categories, colors, view), regions(segments, categories, view));
    }),
    bind(model, ["opacity"], () => {
      slider.set(model.get("opacity"));
      picture.setOpacity(model.get("opacity"));
    }),
    bind(model, ["pixel"], () => {
      const pixel = model.get("pixel");
      picture.setCursor(pixel);
      reading.show(pixel, pixel ? describe(segments, categories, idAt(pixel)) : QUESTIONS);
    }),
    bind(model, ["selected"], () => {
      const selected = model.get("selected");
      buttons.forEach((button, k) => button.setAttribute("aria-pressed", selected === k + 1));
      picture.setHighlight(ids, selected === null ? null : [0, ...segments].map((_, id) => id === selected));
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
