// Reads what a command prints line by line, so that its two streams never break a line of each other.
import type { Readable } from 'node:stream'

/** A longer line is handed on in pieces. */
const MAX_LINE_CHARACTERS = 64 * 1024

/**
 * Hands on whole lines as they come: a progress bar on standard error stands on a line that it never ends, and a metric
 * that is printed meanwhile would not begin its own. The pipe is read no faster than that, so its writer waits.
 *
 * @returns what to call when nothing more will come: it hands on the last line, if that was not ended
 */
export function readLines(stream: Readable | null, onOutput: (text: string) => void): () => void {
  let line = ''
  let isBegun = false
  stream?.setEncoding('utf8')
  stream?.on('data', (text: string) => {
    const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1
    if (end > 0) onOutput(line + text.slice(0, end))
    line = end > 0 ? text.slice(end) : line + text
    isBegun = line !== ''
    if (line.length < MAX_LINE_CHARACTERS) return
    onOutput(line)
    line = ''
  })
  stream?.resume()
  return () => {
    if (isBegun) onOutput(`${line}\n`)
  }
}
