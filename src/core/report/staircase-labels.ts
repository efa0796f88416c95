// Places every label of the staircase chart next to its dot, or omits it where there is no room.

export interface Segment {
  x1: number
  x2: number
  y1: number
  y2: number
}

export interface Label {
  text: string
  x: number
  y: number
  anchor: 'start' | 'end'
}

interface Surroundings {
  points: readonly { x: number; y: number }[]
  lines: readonly Segment[]
  /** Which side of the baseline is empty: 1 below, −1 above. */
  side: 1 | -1
  left: number
  right: number
  top: number
  bottom: number
}

const LINE_HEIGHT = 14
const GAP = 4

/** Places labels one after another. They never cover the baseline, the edges or other labels, and at most two dots. */
export function placeLabels(
  wanted: readonly { text: string; x: number; y: number }[],
  surroundings: Surroundings,
): Label[] {
  const placed: Label[] = []
  for (const { text, x, y } of wanted) {
    const down = surroundings.side
    const middle = y + 4
    const choices: Label[] = [
      { text, x: x - 10, y: middle, anchor: 'end' },
      { text, x: x - 6, y: middle + down * LINE_HEIGHT, anchor: 'end' },
      { text, x: x + 4, y: middle + down * LINE_HEIGHT, anchor: 'start' },
      { text, x: x + 10, y: middle - down * LINE_HEIGHT, anchor: 'start' },
      { text, x: x - 6, y: middle + down * 2 * LINE_HEIGHT, anchor: 'end' },
    ]
    const [best] = choices
      .filter((label) => isFree(box(label), placed.map(box), surroundings))
      .map((label) => ({ label, covered: coveredDots(box(label), surroundings, { x, y }) }))
      .sort((a, b) => a.covered - b.covered)
    if (best && best.covered <= 2) placed.push(best.label)
  }
  return placed
}

function box({ text, x, y, anchor }: Label): Segment {
  const width = textWidth(text)
  const x1 = anchor === 'end' ? x - width : x
  return { x1: x1 - GAP, x2: x1 + width + GAP, y1: y - 11, y2: y + 3 }
}

/** Estimated width in pixels at 12 px, for the widest system font: text cannot be measured without a browser. */
function textWidth(text: string): number {
  const widths = [...text].map((character) => {
    if (/[ijlftr.,:;'|() -]/.test(character)) return 4.5
    if (/[A-Zmw%]/.test(character)) return 9
    return character > '\u2e80' ? 12.5 : 7.4
  })
  return widths.reduce((sum, width) => sum + width, 0)
}

function isFree(area: Segment, labels: readonly Segment[], around: Surroundings): boolean {
  const inside =
    area.x1 >= around.left && area.x2 <= around.right && area.y1 >= around.top && area.y2 <= around.bottom - 4
  return inside && ![...labels, ...around.lines].some((other) => overlap(area, other))
}

function coveredDots(area: Segment, { points }: Surroundings, own: { x: number; y: number }): number {
  return points.filter(
    ({ x, y }) =>
      (x !== own.x || y !== own.y) && overlap(area, { x1: x - 4, x2: x + 4, y1: y - 4, y2: y + 4 }),
  ).length
}

function overlap(a: Segment, b: Segment): boolean {
  const [top, bottom] = [Math.min(b.y1, b.y2), Math.max(b.y1, b.y2)]
  return a.x1 <= b.x2 && b.x1 <= a.x2 && a.y1 <= bottom && top <= a.y2
}
