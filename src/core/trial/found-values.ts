// Collects the values of a metric that is found more than once, in bounded memory.
import type { MetricText, Several } from './metric.ts'
import { MAX_NUMBER_CHARACTERS, readNumber } from './written-number.ts'

const MAX_TEXTS = 3
const MAX_QUOTE_CHARACTERS = 100

interface Found {
  text: string
  /** Place in the output, from 1. Lines of two streams are not found in this order. */
  line: number
  quote: string
}

interface Extreme {
  text: string
  value: number
}

export class FoundValues {
  readonly #firsts: Found[] = []
  #last: Found | undefined
  #count = 0
  #lowest: Extreme | undefined
  #highest: Extreme | undefined
  #refused: string | undefined

  /** @param quote the line in which the value stands */
  add(written: string, line: number, quote: string): void {
    const text = written.slice(0, MAX_NUMBER_CHARACTERS + 1)
    this.#count += 1
    const found = { text, line, quote: `line ${line}: ${quote.trim().slice(0, MAX_QUOTE_CHARACTERS)}` }
    this.#firsts.push(found)
    this.#firsts.sort((a, b) => a.line - b.line)
    this.#firsts.length = Math.min(MAX_TEXTS, this.#firsts.length)
    if (this.#last === undefined || line >= this.#last.line) this.#last = found
    this.#compare(text)
  }

  get metricText(): MetricText {
    const texts = this.#firsts.map(({ text }) => text)
    return { texts, count: this.#count, ...(this.#count > 1 && { several: this.#several() }) }
  }

  #compare(text: string): void {
    const read = readNumber(text)
    if (read.kind === 'refused') this.#refused ??= text
    if (read.kind !== 'number') return
    const { value } = read
    if (this.#lowest === undefined || value < this.#lowest.value) this.#lowest = { text, value }
    if (this.#highest === undefined || value > this.#highest.value) this.#highest = { text, value }
  }

  #several(): Several {
    const [first, second] = this.#firsts
    const last = this.#last
    return {
      first: first?.text ?? '',
      last: last?.text ?? '',
      ...(this.#lowest && { lowest: this.#lowest.text }),
      ...(this.#highest && { highest: this.#highest.text }),
      ...(this.#refused !== undefined && { refused: this.#refused }),
      quotes: [...new Set([first, second, last].flatMap((found) => found?.quote ?? []))],
    }
  }
}
