// Builds HTML and SVG. Every inserted text is escaped unless it is already markup, so no caller can forget to escape.
import { escapeHtml } from './markdown.ts'

/** A piece of HTML or SVG that is safe to put into a page. */
export interface Markup {
  readonly markup: string
}

type Inserted = string | number | Markup | readonly Markup[] | undefined

/** Template tag: escapes text and numbers, inserts markup unchanged, and inserts nothing for undefined. */
export function html(strings: TemplateStringsArray, ...inserted: readonly Inserted[]): Markup {
  return { markup: strings.map((text, index) => text + insert(inserted[index])).join('') }
}

function insert(inserted: Inserted): string {
  if (inserted === undefined) return ''
  if (typeof inserted === 'object') {
    return 'markup' in inserted ? inserted.markup : inserted.map(({ markup }) => markup).join('')
  }
  return escapeHtml(String(inserted))
}
