/** Markdown as it came from a program: no raw HTML, except the few harmless tags that fold text. */
import { raw } from 'hono/html'
import MarkdownIt from 'markdown-it'

const markdown = new MarkdownIt({ html: false, linkify: true })
const ALLOWED = /&lt;(\/?(?:details|summary|sub|sup|kbd|br))&gt;/g

const { escapeHtml } = markdown.utils
markdown.renderer.rules.text = (tokens, index) =>
  escapeHtml(tokens[index]?.content ?? '').replace(ALLOWED, '<$1>')

/** GitHub does not show comments, and ours carry markers in them. */
const COMMENT = /<!--[\s\S]*?-->/g

export const renderMarkdown = (text: string | null) =>
  raw(markdown.render((text ?? '_No description provided._').replace(COMMENT, '')))
