// Reads a command's output by whole lines, so that standard output and standard error never split each other's lines.
import type { Readable } from 'node:stream'

/** A longer line is passed on in pieces. */
const MAX_LINE_CHARACTERS = 64 * 1024

/**
 * Passes on whole lines as they arrive. Without this, a metric printed beside a progress bar, which never ends its line,
 * would not start on its own line. The pipe is read no faster than `onOutput` returns, so the writer waits.
 *
 * @returns a function to call after the end of the stream; it passes on the last line if that was not terminated
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
