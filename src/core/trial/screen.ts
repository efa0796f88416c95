// What a person sees of a program's output in a terminal: colours and links leave nothing, and text that was drawn over or
// erased is gone. One screen per stream, because the cursor of one never moves in the other's lines.
import { nextControl, readSequence } from './escape-sequences.ts'

/**
 * Characters of a line that are kept; the rest of the line is skipped. A pattern such as `val.*loss: (\S+)` takes
 * quadratic time, and blocks all timers meanwhile.
 */
const MAX_LINE_CHARACTERS = 4096
/** Lines that the cursor can return to. A line further up does not change any more. */
const MAX_ROWS = 100
/** A longer sequence is malformed and skipped. */
const MAX_SEQUENCE_CHARACTERS = 4096
/** Zero-width and other ignorable characters, such as a byte order mark. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu

const LINE_ENDS: ReadonlySet<string> = new Set(['\n', '\v', '\f', '\u0085', 'ESC E'])
const ABSOLUTE: ReadonlySet<string> = new Set(['CSI H', 'CSI f'])
const SAVES: ReadonlySet<string> = new Set(['CSI s', 'ESC 7'])

interface Row {
  text: string
  /** Number of the line in the output, from 1; 0 while nothing was written to it. */
  line: number
}

export interface ScreenReader {
  /** Numbers the lines: called when a line begins. */
  nextLine(): number
  /** A line at a moment when the cursor leaves the text just written: every state of a progress bar. */
  onState(text: string): void
  /** A line as it looks in the end. */
  onLine(text: string, line: number): void
}

export class Screen {
  readonly #reader: ScreenReader
  #rows: Row[] = [{ text: '', line: 0 }]
  #row = 0
  #column = 0
  /** True when text was written since the last `onState`. */
  #isDrawn = false
  /** True once the whole screen was erased: from then on the program redraws it. */
  #isCleared = false
  #saved: [row: number, column: number] = [0, 0]
  /** The beginning of a sequence that continues in the next piece. */
  #unfinished = ''

  constructor(reader: ScreenReader) {
    this.#reader = reader
  }

  push(piece: string): void {
    const text = this.#unfinished + piece
    this.#unfinished = ''
    for (let at = 0; at < text.length; ) {
      const control = nextControl(text, at)
      if (control > at) this.#write(text.slice(at, control))
      if (control === text.length) return
      const sequence = readSequence(text, control)
      if (sequence === undefined) {
        if (text.length - control <= MAX_SEQUENCE_CHARACTERS) this.#unfinished = text.slice(control)
        return
      }
      this.#obey(sequence.name, sequence.parameters[0], sequence.parameters[1])
      at = sequence.end
    }
  }

  /** Reports the lines that are left. Call once, after the last `push`. */
  end(): void {
    this.#finishAll()
  }

  #obey(name: string, first: number | undefined, second: number | undefined): void {
    // The first absolute position begins a screen of its own.
    if (ABSOLUTE.has(name) && !this.#isCleared) this.#clear()
    const target = this.#target(name, first ?? 1, second ?? 1)
    if (target) this.#move(...target)
    else if (LINE_ENDS.has(name)) this.#newLine()
    else if (name === '\t') this.#write('\t')
    else if (SAVES.has(name)) this.#saved = [this.#row, this.#column]
    else this.#erase(name, first)
  }

  /** The row and column to which a sequence moves the cursor. */
  #target(name: string, count: number, second: number): [row: number, column: number] | undefined {
    switch (name) {
      case '\r':
        return [this.#row, 0]
      case '\b':
      case 'CSI D':
        return [this.#row, this.#column - count]
      case 'CSI C':
        return [this.#row, this.#column + count]
      case 'CSI G':
      case 'CSI `':
        return [this.#row, count - 1]
      case 'CSI A':
      case 'ESC M':
        return [this.#row - count, this.#column]
      case 'CSI F':
        return [this.#row - count, 0]
      case 'CSI B':
      case 'ESC D':
        return [this.#row + count, this.#column]
      case 'CSI E':
        return [this.#row + count, 0]
      case 'CSI H':
      case 'CSI f':
        return [count - 1, second - 1]
      case 'CSI u':
      case 'ESC 8':
        return this.#saved
    }
  }

  #erase(name: string, parameter: number | undefined): void {
    const count = parameter ?? 1
    if (name === 'CSI K') this.#eraseLine(parameter ?? 0)
    else if (name === 'CSI J') this.#eraseScreen(parameter ?? 0)
    else if (name === 'CSI P') this.#edit((before, after) => before + after.slice(count))
    else if (name === 'CSI X')
      this.#edit((before, after) => before + ' '.repeat(Math.min(count, after.length)) + after.slice(count))
  }

  get #current(): Row {
    return this.#rows[this.#row] as Row
  }

  #write(run: string): void {
    if (this.#column >= MAX_LINE_CHARACTERS) return
    const text = run.replace(INVISIBLE, '')
    if (text === '') return
    const row = this.#current
    this.#begin(row)
    // Text at the beginning of a line replaces the whole line. A terminal would leave the end of a longer line there, and
    // `loss: 2.123` drawn over by `loss: 1.5` would read `loss: 1.523`.
    const old = this.#column === 0 ? '' : row.text.padEnd(this.#column)
    const after = this.#column + text.length
    row.text = (old.slice(0, this.#column) + text + old.slice(after)).slice(0, MAX_LINE_CHARACTERS)
    this.#column = Math.min(after, MAX_LINE_CHARACTERS)
    this.#isDrawn = true
  }

  #begin(row: Row): void {
    if (row.line === 0) row.line = this.#reader.nextLine()
  }

  /** Reports the text that the cursor leaves. */
  #leave(): void {
    if (this.#isDrawn) this.#reader.onState(this.#current.text)
    this.#isDrawn = false
  }

  #move(row: number, column: number): void {
    this.#leave()
    this.#row = Math.max(0, Math.min(row, MAX_ROWS - 1))
    while (this.#rows.length <= this.#row) this.#rows.push({ text: '', line: 0 })
    this.#column = Math.max(0, Math.min(column, MAX_LINE_CHARACTERS))
  }

  #newLine(): void {
    this.#begin(this.#current)
    if (this.#row === MAX_ROWS - 1) {
      this.#leave()
      this.#finish(this.#rows.splice(0, 1))
      this.#row -= 1
    }
    this.#move(this.#row + 1, 0)
  }

  #eraseLine(which: number): void {
    if (which === 0) this.#edit((before) => before)
    else if (which === 1) this.#edit((before, after) => ' '.repeat(before.length) + after)
    else this.#edit(() => '')
  }

  /** @param change the new text of the line, given its text before and after the cursor */
  #edit(change: (before: string, after: string) => string): void {
    this.#leave()
    const row = this.#current
    row.text = change(row.text.slice(0, this.#column), row.text.slice(this.#column))
  }

  #eraseScreen(which: number): void {
    if (which === 0) {
      this.#eraseLine(0)
      this.#rows.length = this.#row + 1
    } else if (which !== 1 && !this.#isCleared) this.#clear()
    else if (which !== 1) {
      this.#leave()
      for (const row of this.#rows) row.text = ''
    }
  }

  /** What was printed before a program first takes the whole screen stays, as in a terminal that scrolls it up. */
  #clear(): void {
    this.#finishAll()
    this.#isCleared = true
  }

  #finishAll(): void {
    this.#leave()
    this.#finish(this.#rows)
    this.#rows = [{ text: '', line: 0 }]
    this.#row = 0
    this.#column = 0
  }

  #finish(rows: readonly Row[]): void {
    for (const { text, line } of rows) if (text !== '') this.#reader.onLine(text, line)
  }
}
