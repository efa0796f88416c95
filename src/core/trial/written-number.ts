// Reads a number as people print it.

/** No number is longer. One more character is kept, so that cutting a longer text does not produce a number. */
export const MAX_NUMBER_CHARACTERS = 64

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
/** As C, Python and other runtimes print them, such as `nan`, `-inf`, `nan(ind)` and `1.#QNAN`. */
const NOT_FINITE = /^[+-]?(nan(\(\w*\))?|inf|infinity|∞|1\.#(inf|ind|[qs]?nan)\d*)$/i
/** What a sentence or a Python dictionary leaves around a number, and a percent sign. */
const AROUND = /^['"]|%?[,;)\]}|'"]*$/g
/** Commas between thousands, where they can mean nothing else: `1,234` alone could be 1.234. */
const THOUSANDS = /^[+-]?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,})$/

export type WrittenNumber =
  | { kind: 'number'; value: number }
  | { kind: 'not-finite'; text: string }
  /** `problem` completes the sentence "it is …". */
  | { kind: 'refused'; problem: string }

/**
 * Reads a number: digits with an optional sign, point and exponent. Accepts punctuation and `%` after it, and commas between
 * thousands as in `1,234.5`. Refuses everything ambiguous: units, hexadecimal numbers, a comma that may be a decimal point.
 */
export function readNumber(written: string): WrittenNumber {
  const quoted = JSON.stringify(written)
  if (written.length > MAX_NUMBER_CHARACTERS) return refuse(`${quoted}, which is not a decimal number`)
  const text = written.replace(AROUND, '')
  if (NOT_FINITE.test(text) || NOT_FINITE.test(written)) return { kind: 'not-finite', text: written }
  const digits = THOUSANDS.test(text) ? text.replaceAll(',', '') : text
  const value = Number(digits)
  const underflowed = value === 0 && /[1-9]/.test(digits.split(/e/i)[0] ?? '')
  if (DECIMAL.test(digits) && Number.isFinite(value) && !underflowed) return { kind: 'number', value }
  return refuse(`${quoted}, which is not a decimal number${explain(digits)}`)
}

function refuse(problem: string): WrittenNumber {
  return { kind: 'refused', problem }
}

/** What to change, for the usual mistakes. */
function explain(text: string): string {
  if (/^[+-]?\d+,\d+$/.test(text)) return ': the comma may separate thousands or decimals; print a point'
  if (/^[+-]?[\d.]+(e[+-]?\d+)?[a-zµ/]+$/i.test(text)) return ': capture it without its unit'
  if (/\d/.test(text) && /[(=[:]/.test(text)) return ': capture the number alone'
  return ''
}
