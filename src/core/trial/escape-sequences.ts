// Splits terminal output into text and control sequences (ECMA-48), which may be cut anywhere between two chunks.

/** A control character or sequence: its name, such as `\r`, `CSI A` or `ESC 7`, and where it ends in the text. */
export interface Sequence {
  name: string
  /** Parameters of a CSI sequence; a missing one is undefined. */
  parameters: readonly (number | undefined)[]
  end: number
}

const ESC = '\u001b'
const BEL = '\u0007'
const CSI = '\u009b'
const STRING_TERMINATOR = '\u009c'
/** The characters after ESC that start a string up to a terminator: DCS, SOS, OSC, PM, APC. */
const STRINGS = 'PX]^_'
/** The same as single characters. */
const STRING_CONTROLS = '\u0090\u0098\u009d\u009e\u009f'

// Shared by all calls, which set where each begins: output can be megabytes of sequences of two characters.
const CONTROL = /\p{Cc}/gu
const PARAMETERS = /[0-?]*/y
const FINAL_OF_ESC = /[ -/]*([0-~])?/y
const FINAL_OF_CSI = /[ -/]*([@-~])?/y

/** Index of the first control character from `at` on; the length of the text when there is none. */
export function nextControl(text: string, at: number): number {
  CONTROL.lastIndex = at
  return CONTROL.exec(text)?.index ?? text.length
}

/**
 * Reads the control sequence at `at`, where `text` has a control character.
 *
 * @returns undefined when the text ends inside the sequence
 */
export function readSequence(text: string, at: number): Sequence | undefined {
  const first = text.charAt(at)
  if (first === CSI) return readParameters(text, at + 1)
  if (STRING_CONTROLS.includes(first)) return skipString(text, at + 1)
  if (first !== ESC) return { name: first, parameters: [], end: at + 1 }
  const second = text.charAt(at + 1)
  if (second === '') return undefined
  if (second === '[') return readParameters(text, at + 2)
  if (STRINGS.includes(second)) return skipString(text, at + 2)
  return readFinal(text, at + 1, FINAL_OF_ESC, 'ESC')
}

function readParameters(text: string, at: number): Sequence | undefined {
  PARAMETERS.lastIndex = at
  const [written = ''] = PARAMETERS.exec(text) ?? []
  const sequence = readFinal(text, at + written.length, FINAL_OF_CSI, 'CSI')
  return (
    sequence && {
      ...sequence,
      parameters: written.split(';').map((part) => Number.parseInt(part, 10) || undefined),
    }
  )
}

/** A sequence without its final character is malformed: it does nothing. */
function readFinal(text: string, at: number, pattern: RegExp, kind: string): Sequence | undefined {
  pattern.lastIndex = at
  const [all = '', final] = pattern.exec(text) ?? []
  const end = at + all.length
  if (final !== undefined) return { name: `${kind} ${all}`, parameters: [], end }
  return end === text.length ? undefined : { name: '', parameters: [], end }
}

/** A string ends at its terminator. It also ends before a line end, so that one without a terminator hides one line at most. */
function skipString(text: string, from: number): Sequence | undefined {
  for (let at = nextControl(text, from); at < text.length; at = nextControl(text, at + 1)) {
    const control = text.charAt(at)
    if (control === BEL || control === STRING_TERMINATOR) return { name: '', parameters: [], end: at + 1 }
    if (control === '\n' || control === '\r') return { name: '', parameters: [], end: at }
    if (control !== ESC) continue
    if (at + 1 === text.length) return undefined
    return { name: '', parameters: [], end: text.charAt(at + 1) === '\\' ? at + 2 : at }
  }
  return undefined
}
