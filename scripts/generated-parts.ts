// Parts of documents that are written by a program: what stands between `<!-- NAME: a remark -->` and `<!-- end of NAME -->`.
import { readFile, writeFile } from 'node:fs/promises'

/**
 * Replaces every such part.
 *
 * @param kind the first word of NAME: `fields` replaces `<!-- fields metric: … -->` and all its kind
 * @param render is given the rest of NAME, which may be empty
 * @throws Error when the document has no such part
 */
export async function writeGeneratedParts(
  document: URL,
  kind: string,
  render: (name: string) => string,
): Promise<void> {
  const text = await readFile(document, 'utf8')
  const part = new RegExp(`(<!-- ${kind}( [^:]+)?:[^\\n]* -->\\n)[^]*?(<!-- end of ${kind} -->)`, 'g')
  if (text.search(part) < 0)
    throw new Error(
      `${document.pathname} has no "<!-- ${kind}: … -->" and "<!-- end of ${kind} -->". Put both where the tables belong.`,
    )
  const written = text.replace(
    part,
    (_, start: string, name: string | undefined, end: string) =>
      `${start}\n${render(name?.trim() ?? '')}\n${end}`,
  )
  await writeFile(document, written)
}
