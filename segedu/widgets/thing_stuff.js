// ThingStuff: declare each category thing or stuff, and see what that changes in the three labellings.
import { decodeRuns, describe, isCrowd, isObject, percent, plural, regions, thousands, tints } from "./labels.js";
import { QUESTIONS, TASKS, bind, createPicture, createReading, h, opacitySlider, prepare, put, say, segmented } from "./parts.js";

/**
 * The labelling under another split: `things` names the categories that are things.
 *
 * Returns new tables of segments, colors and categories, and `to`, the new segment id for each old one.
 */
export function relabel(segments, categories, colors, things) {
  const declared = categories.map((category) => ({ ...category, isthing: things.includes(category.name) }));
  const made = new Map(); // (label, instance) → new segment; segments come by label, then instance, and stay so
  segments.forEach((segment, k) => {
    const instance = declared[segment.label].isthing ? segment.instance : 0;
    const key = `${segment.label} ${instance}`;
    if (!made.has(key)) {
      const color = instance ? colors[k] : declared[segment.label].color;
      made.set(key, { id: made.size + 1, label: segment.label, instance, area: 0, color, from: [] });
    }
    made.get(key).area += segment.area;
    made.get(key).from.push(k + 1);
  });
  const to = [0, ...segments.map(() => 0)];
  for (const { id, from } of made.values()) for (const old of from) to[old] = id;
  return {
    segments: [...made.values()].map(({ label, instance, area }) => ({ label, instance, area })),
    colors: [...made.values()].map(({ color }) => color),
    categories: declared,
    to,
  };
}

/** What a labelling holds. */
export function tally(segments, categories) {
  const objects = segments.filter(isObject);
  return {
    segments: segments.length,
    objects: objects.length,
    crowds: segments.filter((segment) => isCrowd(segment, categories)).length,
    object_pixels: objects.reduce((sum, { area }) => sum + area, 0),
  };
}

/** What becomes of each category; `segments` and `categories` are as the data set has them. */
export function notes(segments, categories, things) {
  return categories.map(({ name }, label) => {
    const mine = segments.filter((segment) => segment.label === label);
    const annotated = mine.filter(isObject).length;
    if (mine.length === 0) return "not in this picture";
    if (!things.includes(name)) return `1 segment${annotated ? `: ${plural(annotated, "object")} merged` : ""}`;
    if (annotated === 0) return "1 crowd: nobody has told its objects apart";
    return plural(annotated, "object") + (mine.length > annotated ? " and 1 crowd" : "");
  });
}

/** Whose decision the split is. */
export function verdict(categories, things) {
  const listed = (chosen) => {
    const names = chosen.map(({ name }) => name);
    if (names.length < 2) return names[0] ?? "none";
    return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  };
  const parts = [`This data set's things: ${listed(categories.filter(({ isthing }) => isthing))}.`];
  const more = categories.filter(({ name, isthing }) => things.includes(name) && !isthing);
  const fewer = categories.filter(({ name, isthing }) => !things.includes(name) && isthing);
  if (more.length) {
    const [kind, whose] = more.length === 1 ? ["a thing", "its"] : ["things", "their"];
    parts.push(`You made ${listed(more)} ${kind}: nobody has told ${whose} objects apart yet.`);
  }
  if (fewer.length) parts.push(`You made ${listed(fewer)} stuff: no longer anything to count.`);
  parts.push("The picture is the same; the split is a decision.");
  return parts.join(" ");
}

/** A number with a name under it, and what it is as the data set has it. */
function createTile(name, key) {
  const number = h("strong", { "data-count": key });
  const before = h("span", { class: "soft" });
  const node = h("li", { class: "tile" }, number, h("span", {}, name), before);
  return {
    node,
    show(text, original) {
      say(number, text);
      say(before, text === original ? "as in the data set" : `data set: ${original}`);
      node.classList.toggle("changed", text !== original);
    },
  };
}

export function render({ model, el }) {
  prepare(el);
  const data = model.get("data");
  const [height, width] = data.size;
  const ids = decodeRuns(data.runs, height * width);
  const original = data.categories.filter(({ isthing }) => isthing).map(({ name }) => name);
  let now = null; // the labelling under the split on show

  const picture = createPicture({
    data,
    label: `Things and stuff: picture of ${height} by ${width} pixels`,
    onPoint: (pixel) => put(model, "pixel", pixel),
  });
  const views = segmented("View", [["image", "Image"], ...TASKS], (view) => put(model, "view", view));
  const slider = opacitySlider((value) => put(model, "opacity", value));
  const reading = createReading(TASKS);

  const tiles = {
    segments: createTile("panoptic segments", "segments"),
    objects: createTile("objects to count", "objects"),
    object_pixels: createTile("of the pixels in objects", "object_pixels"),
  };
  const declare = (name, kind) => {
    const things = new Set(model.get("things"));
    if (kind === "thing") things.add(name);
    else things.delete(name);
    put(model, "things", data.categories.map((category) => category.name).filter((other) => things.has(other)));
  };
  const rows = data.categories.map(({ name, color }) => {
    const choice = segmented(name, [["stuff", "stuff"], ["thing", "thing"]], (kind) => declare(name, kind));
    const note = h("span", { class: "soft" });
    const node = h("li", { class: "category", "data-category": name },
      h("span", { class: "swatch", style: `background: ${color}` }),
      h("span", { class: "name" }, h("span", {}, name), note), choice.node);
    return { name, choice, note, node };
  });
  const reset = h("button", { type: "button", class: "reset", onclick: () => put(model, "things", original) },
    "As the data set has it");
  const sentence = h("p", { class: "verdict", "aria-live": "polite" });
  const caption = h("p", { class: "caption" });
  el.append(
    picture.node,
    h("div", { class: "bar" }, views.node, slider.node),
    ...reading.nodes,
    h("ul", { class: "tiles", "aria-live": "polite" }, ...Object.values(tiles).map(({ node }) => node)),
    h("div", { class: "bar declare" }, h("p", { class: "title" }, "Thing or stuff? You decide."), reset),
    h("ul", { class: "categories" }, ...rows.map(({ node }) => node)),
    sentence,
    caption,
  );

  const repaint = () => {
    const view = model.get("view");
    const tint = tints(now.segments, now.categories, now.colors, view);
    const key = regions(now.segments, now.categories, view);
    picture.setLabels(ids, now.to.map((id) => tint[id]), now.to.map((id) => key[id]));
  };
  const read = () => {
    const pixel = model.get("pixel");
    const id = pixel ? now.to[ids[pixel[0] * width + pixel[1]]] : 0;
    reading.show(pixel, pixel ? describe(now.segments, now.categories, id) : QUESTIONS);
  };
  const stops = [
    bind(model, ["things"], () => {
      const things = model.get("things");
      now = relabel(data.segments, data.categories, data.colors, things);
      const before = tally(data.segments, data.categories);
      const after = tally(now.segments, now.categories);
      tiles.segments.show(thousands(after.segments), thousands(before.segments));
      tiles.objects.show(thousands(after.objects), thousands(before.objects));
      tiles.object_pixels.show(
        percent(after.object_pixels, height * width), percent(before.object_pixels, height * width));
      const said = notes(data.segments, data.categories, things);
      rows.forEach(({ name, choice, note }, label) => {
        choice.choose(things.includes(name) ? "thing" : "stuff");
        say(note, said[label]);
      });
      say(sentence, verdict(data.categories, things));
      reset.disabled = things.join() === original.join();
      repaint();
      read();
    }),
    bind(model, ["view"], () => {
      views.choose(model.get("view"));
      slider.enable(model.get("view") !== "image");
      reading.mark(model.get("view"));
      repaint();
    }),
    bind(model, ["opacity"], () => {
      slider.set(model.get("opacity"));
      picture.setOpacity(model.get("opacity"));
    }),
    bind(model, ["pixel"], () => {
      picture.setCursor(model.get("pixel"));
      read();
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };
