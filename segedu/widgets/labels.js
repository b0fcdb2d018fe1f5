// Reading a label map, painting it, pointing at it, and putting it into words. Pure functions, no page:
// tests hold them equal to runs.py, segedu.plot and sentences.py.

/** The label map of `count` pixels from its runs: base64 of LEB128 pairs (segment id, length), reading order. */
export function decodeRuns(text, count) {
  const bytes = atob(text);
  const ids = new Int32Array(count);
  let at = 0;
  let filled = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.charCodeAt(at++);
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const id = number();
    const length = number();
    ids.fill(id, filled, filled + length);
    filled += length;
  }
  if (filled !== count) throw new Error(`label runs: expected ${count} pixels, got ${filled}`);
  return ids;
}

/** 12345 → "12,345", whatever the reader's locale. */
export function thousands(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "3 objects", "1 object". */
export function plural(n, one, many = `${one}s`) {
  return `${thousands(n)} ${n === 1 ? one : many}`;
}

/** Share in per cent with one decimal, in whole numbers so that Python rounds the same way. */
export function percent(part, whole) {
  const tenths = Math.floor((2000 * part + whole) / (2 * whole));
  if (part > 0 && tenths === 0) return "< 0.1 %";
  return `${Math.floor(tenths / 10)}.${tenths % 10} %`;
}

/** A ratio from 0 to 1 with three decimals; NaN is "undefined". Only what is 0 or 1 reads so. */
export function score(value) {
  if (Number.isNaN(value)) return "undefined";
  const thousandths = Math.floor(1000 * value + 0.5);
  if (value > 0 && thousandths === 0) return "< 0.001";
  if (value < 1 && thousandths === 1000) return "> 0.999";
  return `${Math.floor(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, "0")}`;
}

/** True for a segment that is one object: a thing with an instance number. */
export const isObject = (segment) => segment.instance !== 0;

/** True for a crowd: thing pixels without an instance number. */
export const isCrowd = (segment, categories) => segment.instance === 0 && categories[segment.label].isthing;

/** What to call a segment: "road", "car 7", "person, crowd". */
export function segmentName(segment, categories) {
  const { name } = categories[segment.label];
  if (isObject(segment)) return `${name} ${segment.instance}`;
  return isCrowd(segment, categories) ? `${name}, crowd` : name;
}

/** What the three tasks say about a pixel of segment `id` (0: void), one sentence each. */
export function describe(segments, categories, id) {
  if (id === 0) {
    const nobody = "nobody labelled this pixel (void)";
    return { semantic: nobody, instance: `nothing: ${nobody}`, panoptic: nobody };
  }
  const segment = segments[id - 1];
  const { name } = categories[segment.label];
  const pixels = plural(segment.area, "pixel");
  if (isObject(segment)) {
    const peers = segments.filter((other) => other.label === segment.label && isObject(other));
    const rank = peers.filter((other) => other.instance <= segment.instance).length;
    return {
      semantic: name,
      instance: `${name}, object ${rank} of ${peers.length}`,
      panoptic: `${name}, instance ${segment.instance}; ${pixels}`,
    };
  }
  if (isCrowd(segment, categories)) {
    return {
      semantic: name,
      instance: `${name}, a crowd: nobody has told its objects apart`,
      panoptic: `${name}, crowd; ${pixels}`,
    };
  }
  return {
    semantic: name,
    instance: `nothing: ${name} is stuff, it has no objects`,
    panoptic: `${name}, stuff; ${pixels}`,
  };
}

const VOID_TINT = { color: [140, 144, 150], alpha: 255, hatched: true };
const VEIL_TINT = { color: [18, 22, 30], alpha: 255, hatched: false };
export const NO_TINT = { color: [0, 0, 0], alpha: 0, hatched: false };

/** How each segment is painted in a view; entry 0 is void. `colors`: one hex colour for each segment. */
export function tints(segments, categories, colors, view) {
  if (view === "image") return [NO_TINT, ...segments.map(() => NO_TINT)];
  const tint = (segment, k) => {
    if (view === "semantic") return { color: rgb(categories[segment.label].color), alpha: 255, hatched: false };
    const crowd = isCrowd(segment, categories);
    if (view === "instance" && !crowd && !isObject(segment)) return VEIL_TINT;
    return { color: rgb(colors[k]), alpha: 255, hatched: crowd };
  };
  return [view === "instance" ? VEIL_TINT : VOID_TINT, ...segments.map(tint)];
}

/** For each segment, a number that is the same for what a view does not tell apart; entry 0 is void. */
export function regions(segments, categories, view) {
  if (view === "image") return [0, ...segments.map(() => 0)];
  if (view === "semantic") return [0, ...segments.map((segment) => segment.label + 1)];
  if (view === "panoptic") return [0, ...segments.map((_, k) => k + 1)];
  return [0, ...segments.map((segment, k) => (isObject(segment) || isCrowd(segment, categories) ? k + 1 : 0))];
}

/** RGBA bytes of a label map: one tint for each id; hatched ones get diagonal stripes. */
export function paint(ids, [height, width], tintOf) {
  const stripe = Math.max(1, Math.floor((width + 64) / 128));
  const bytes = new Uint8ClampedArray(4 * height * width);
  for (let row = 0, p = 0; row < height; row++) {
    for (let col = 0; col < width; col++, p++) {
      const { color, alpha, hatched } = tintOf[ids[p]];
      const dark = hatched && Math.floor((row + col) / stripe) % 2 === 1;
      for (let c = 0; c < 3; c++) bytes[4 * p + c] = dark ? Math.floor((color[c] * 3) / 5) : color[c];
      bytes[4 * p + 3] = alpha;
    }
  }
  return bytes;
}

/** SVG path along the pixel edges where `key` of the label changes; with `rim`, along the image's rim too. */
export function borderPath(ids, [height, width], key, rim = false) {
  const at = (row, col) => {
    if (row < 0 || col < 0 || row === height || col === width) return rim ? 0 : null;
    return key[ids[row * width + col]];
  };
  const differ = (a, b) => a !== null && b !== null && a !== b;
  const parts = [];
  for (let row = 0; row <= height; row++) {
    for (let col = 0, start = -1; col <= width; col++) {
      const edge = col < width && differ(at(row - 1, col), at(row, col));
      if (edge && start < 0) start = col;
      if (!edge && start >= 0) {
        parts.push(`M${start} ${row}H${col}`);
        start = -1;
      }
    }
  }
  for (let col = 0; col <= width; col++) {
    for (let row = 0, start = -1; row <= height; row++) {
      const edge = row < height && differ(at(row, col - 1), at(row, col));
      if (edge && start < 0) start = row;
      if (!edge && start >= 0) {
        parts.push(`M${col} ${start}V${row}`);
        start = -1;
      }
    }
  }
  return parts.join("");
}

/** The pixel [row, col] under a point of the page; `box` is where the picture lies. */
export function pixelAt(x, y, box, [height, width]) {
  const inside = (value, count) => Math.min(count - 1, Math.max(0, Math.floor(value)));
  return [
    inside(((y - box.top) / box.height) * height, height),
    inside(((x - box.left) / box.width) * width, width),
  ];
}

/** Where a key takes the pixel cursor, or null if the key is none of ours. */
export function pixelAfterKey(key, shift, pixel, [height, width]) {
  const [row, col] = pixel ?? [Math.floor(height / 2), Math.floor(width / 2)];
  const step = pixel === null ? 0 : shift ? 10 : 1; // the first key only shows the cursor, in the middle
  const to = (r, c) => [Math.min(height - 1, Math.max(0, r)), Math.min(width - 1, Math.max(0, c))];
  switch (key) {
    case "ArrowUp": return to(row - step, col);
    case "ArrowDown": return to(row + step, col);
    case "ArrowLeft": return to(row, col - step);
    case "ArrowRight": return to(row, col + step);
    case "PageUp": return to(row - 10 * Math.min(1, step), col);
    case "PageDown": return to(row + 10 * Math.min(1, step), col);
    case "Home": return to(row, 0);
    case "End": return to(row, width - 1);
    default: return null;
  }
}

/** "#1f77b4" → [31, 119, 180]. */
export function rgb(hex) {
  return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
}
