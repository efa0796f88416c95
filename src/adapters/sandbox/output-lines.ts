// Connects a command's standard streams. Its output is read by whole lines, so that standard output and standard error never split each other's lines.
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { SandboxRequest } from './request.ts'

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

interface Streams {
  stdin?: Writable | null
  stdout: Readable | null
  stderr: Readable | null
}

/** Connects a command that was started: its input, and its output by lines or, where a receiver is given, byte for byte. */
export function connect(
  { stdin, stdout, stderr }: Streams,
  { input, output, onOutput, signal }: Pick<SandboxRequest, 'input' | 'output' | 'onOutput' | 'signal'>,
) {
  // The command may end before it has read everything.
  stdin?.on('error', () => {})
  if (stdin) input?.pipe(stdin)
  if (output) stdout?.pipe(output)
  const flushes = [
    ...(output ? [] : [readLines(stdout, (text) => onOutput(text, 0))]),
    readLines(stderr, (text) => onOutput(text, 1)),
  ]
  return {
    /** Reads what is left after the command has ended, but does not wait for a process that keeps a pipe open. */
    async close(milliseconds: number): Promise<void> {
      if (stdin) input?.unpipe(stdin)
      // Its receiver may be slow; it says when it has enough.
      const patience = (stream: Readable | null) =>
        output && stream === stdout ? signal : AbortSignal.timeout(milliseconds)
      await Promise.all([stdout, stderr].map((stream) => drained(stream, patience(stream))))
      for (const flush of flushes) flush()
    },
  }
}

async function drained(stream: Readable | null, patience: AbortSignal): Promise<void> {
  if (!stream || stream.closed) return
  await finished(stream, { signal: patience }).catch(() => {})
  stream.destroy()
}
