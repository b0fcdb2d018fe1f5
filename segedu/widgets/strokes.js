// What a hand paints: the cells under a stroke, without gaps.

/** Cells [row, col] on the straight line between two, both ends included: a quick hand leaves no gaps. */
export function cellsBetween([row, col], [endRow, endCol]) {
  const steps = Math.max(Math.abs(endRow - row), Math.abs(endCol - col));
  return Array.from({ length: steps + 1 }, (_, k) => {
    const share = steps === 0 ? 0 : k / steps;
    return [Math.round(row + share * (endRow - row)), Math.round(col + share * (endCol - col))];
  });
}
