// Which line of a program's output says why it failed.

/** Characters of it that are shown. */
const MAX_CHARACTERS = 300

/** The line most likely to name the error: the last one that looks like `SomethingError: …`, or else the last line. */
export function errorLine(log: string): string | undefined {
  const lines = log
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return (lines.findLast((line) => /^(\w+\.)*\w*(Error|Exception)\b.*:/.test(line)) ?? lines.at(-1))?.slice(
    0,
    MAX_CHARACTERS,
  )
}
