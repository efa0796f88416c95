// The tables of docs/troubleshooting.md: what the sources may tell people, and what to do about it.
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Message, readMessages } from './read.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(`${ROOT}/${file}`, 'utf8')

/** Names of the errors that people see. */
export const errorClasses = [...sources()].flatMap(([, source]) =>
  [...source.matchAll(/^export class (\w+) extends (?:UserFacing)?Error\b/gm)].map(([, name = '']) => name),
)

export const messages: readonly (Message & { file: string })[] = [...sources()].flatMap(([file, source]) =>
  readMessages(source, errorClasses).map((message) => ({ ...message, file })),
)

/** Every file of `src/` with its text. */
export function sources(): Map<string, string> {
  const files = globSync('src/**/*.ts', { cwd: ROOT }).sort()
  return new Map(files.map((file) => [file, read(file)]))
}

/** @param part classes of errors, or `answer` and the file that recognises the answers */
export function messageTable(part: string): string {
  const [kind = '', file] = part.split(' ')
  const isAnswer = kind === 'answer'
  const rows = messages
    .filter((one) => (isAnswer ? one.kind === kind && one.file === file : part.split(' ').includes(one.kind)))
    .map(({ text, remedy }) => [code(text), remedy === '…' ? 'The message says what to do.' : prose(remedy)])
  const unique = [...new Map(rows.map((row) => [row.join('|'), row])).values()]
  const header = [isAnswer ? 'what is printed, as a pattern' : 'message', 'what to do']
  return [header, ['---', '---'], ...unique].map(row).join('\n')
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** The form that a message has in the document. */
export function code(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``
}

/** Outside code, `<`, `*` and the like would be markdown. */
function prose(text: string): string {
  return text.replaceAll(/(`[^`]*`)|[<*_[\]]/g, (mark, quoted) => quoted ?? `\\${mark}`)
}
