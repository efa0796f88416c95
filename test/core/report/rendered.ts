// Approximates how GitHub renders our markdown: markdown-it with every optional feature enabled.
import MarkdownIt from 'markdown-it'

const parser = new MarkdownIt({ html: true, linkify: true })
// GitHub links only addresses that have a scheme or start with www.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: true, fuzzyIP: false }).add('//', null)

export interface Rendered {
  html: string
  /** The text that a reader sees, without the zero-width spaces we insert. */
  text: string
  /** Types of all tokens other than plain text and paragraphs. */
  active: string[]
  /** Text outside code that GitHub would still turn into links, notifications or closed issues. */
  triggers: string[]
}

type Tokens = ReturnType<typeof parser.parse>

export function rendered(markdown: string): Rendered {
  const blocks = parser.parse(markdown, {}).map((token): Tokens => token.children ?? [token])
  const tokens = blocks.flat()
  const prose = blocks.map(textOf).filter(Boolean).join('\n')
  return {
    html: parser.render(markdown),
    text: prose.replaceAll('\u200b', ''),
    active: tokens
      .map(({ type, tag }) => (tag === '' ? type : `${type} ${tag}`))
      .filter((type) => !/^(text|text_special|inline|softbreak|paragraph_(open|close) p)$/.test(type)),
    triggers: githubTriggers(prose),
  }
}

function textOf(tokens: Tokens): string {
  return tokens
    .filter(({ type }) => /^text/.test(type))
    .map(({ content }) => content)
    .join('')
}

/** Finds GitHub's documented autolinked references, with broad patterns. */
export function githubTriggers(text: string): string[] {
  const patterns = [
    /@[a-z0-9]/gi,
    /#\d/g,
    /\bgh-\d/gi,
    /\b[0-9a-f]{7,40}\b/gi,
    /\w+:\/\/\S/g,
    /\bwww\.\S/gi,
    /:[\w+-]+:/g,
    /\[(skip ci|ci skip|no ci|skip actions|actions skip)\]/gi,
    /\b(close[sd]?|fix(e[sd])?|resolve[sd]?):?\s+(#\d|gh-\d|\S+#\d|https?:\/\/\S)/gi,
  ]
  return patterns.flatMap((pattern) => text.match(pattern) ?? [])
}
