// Prints what a bench found: tables as they come, or one JSON document at the end. A number that is not finite is a fault of
// the bench: it is printed as absent, reported on standard error, and the process ends with code 1.
import type { SharedArguments } from './arguments.ts'

/** null: not defined, such as the standard error of one repetition. */
type Cell = string | number | boolean | null
export type Row = Readonly<Record<string, Cell>>

export class Output {
  readonly #json: boolean
  readonly #document: Record<string, Cell | Row[]>
  readonly #faults: string[] = []

  constructor(bench: string, { json, repetitions, seed }: SharedArguments) {
    this.#json = json
    this.#document = { bench, repetitions, seed }
    if (!json) console.log(`bench:${bench}, repetitions: ${repetitions}, seed: ${seed}`)
  }

  /** One value that belongs to no table. */
  fact(name: string, value: Cell): void {
    const checked = this.#checked(name, value)
    this.#document[name] = checked
    if (!this.#json) console.log(`${name}: ${show(checked)}`)
  }

  /** @param name in the document; tables with the same name are joined there */
  table(name: string, title: string, rows: readonly Row[]): void {
    const checked = rows.map((row, index) => this.#checkedRow(`${name}[${index}]`, row))
    const before = this.#document[name]
    this.#document[name] = [...(Array.isArray(before) ? before : []), ...checked]
    if (!this.#json) console.log(`\n${title}\n${renderTable(checked)}`)
  }

  /** Call it once, last. */
  end(): void {
    if (this.#json) console.log(JSON.stringify(this.#document))
    if (this.#faults.length === 0) return
    console.error(`Not a finite number: ${this.#faults.join(', ')}. This is a bug in the bench.`)
    process.exitCode = 1
  }

  #checkedRow(place: string, row: Row): Row {
    const cells = Object.entries(row).map(([name, cell]) => [name, this.#checked(`${place}.${name}`, cell)])
    return Object.fromEntries(cells)
  }

  #checked(place: string, cell: Cell): Cell {
    if (typeof cell !== 'number' || Number.isFinite(cell)) return cell
    this.#faults.push(place)
    return null
  }
}

/** Numbers are aligned to the right, words to the left. */
function renderTable(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {})
  const columns = names.map((name) => {
    const cells = rows.map((row) => row[name] ?? null)
    const texts = [name, ...cells.map(show)]
    const width = Math.max(...texts.map((text) => text.length))
    const isNumeric = cells.every((cell) => cell === null || typeof cell === 'number')
    return texts.map((text) => (isNumeric ? text.padStart(width) : text.padEnd(width)))
  })
  return ['', ...rows]
    .map((_, line) =>
      columns
        .map((column) => column[line])
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function show(cell: Cell): string {
  return cell === null ? '–' : String(cell)
}
