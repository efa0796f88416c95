// What GitHub would make of our markdown, as far as a test can tell: markdown-it with every door open.
import MarkdownIt from 'markdown-it'

const parser = new MarkdownIt({ html: true, linkify: true })
// GitHub links only what has a scheme or starts with www.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: true, fuzzyIP: false }).add('//', null)

export interface Rendered {
  html: string
  /** What a reader sees, without the zero-width spaces we put in. */
  text: string
  /** Kinds of everything that is more than plain text, paragraphs left out. */
  active: string[]
  /** What GitHub's own filters would still link, notify or close in the rendered text outside code. */
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

/** GitHub's documented autolinked references, generously. */
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
