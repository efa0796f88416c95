// Tables for `source.ts`: how each programming language writes comments, strings and lines.

export interface Language {
  name: 'javascript' | 'c' | 'python' | 'yaml' | 'json' | 'toml' | 'shell' | 'markup' | 'unknown'
  /** Sticky. Matches one token; the named group that matched is the token's kind. */
  pattern: RegExp
  /** Whether blanks inside a line have meaning. `fold`: they do, but their number does not. */
  spaces: 'drop' | 'fold'
  /** Whether line ends have meaning, and with `indent` also the indentation that follows. */
  lines: 'drop' | 'fold' | 'indent'
}

const NUMBER = String.raw`0[xXbBoO][\da-fA-F_]+\w*|(?:\d(?:[\d_]|'(?=\d))*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+\-]?\d[\d_]*)?\w*`
const WORD = String.raw`[\p{ID_Start}_$][\p{ID_Continue}$]*`

interface Grammar {
  comment?: readonly RegExp[]
  string?: readonly RegExp[]
  word?: string
}

// Unterminated comments and strings match to the end, so that no text can force repeated rescans.
const SLASHES = /\/\/.*/u
const SLASHES_CONTINUED = /\/\/(?:\\\r?\n|.)*/u
const BLOCK = /\/\*[\s\S]*?(?:\*\/|$)/u
const HASH = /#.*/u
/** A backslash at the end of a line is layout, like a comment. */
const CONTINUATION = /\\\r?\n/u
const DOUBLE = /"(?:\\[\s\S]|[^"\\\n])*"?/u
const DOUBLE_LINES = /"(?:\\[\s\S]|[^"\\])*"?/u
const SINGLE = /'(?:\\[\s\S]|[^'\\\n])*'?/u
const TRIPLE_DOUBLE = /"""(?:\\[\s\S]|[^\\])*?(?:"""|$)/u
const TRIPLE_SINGLE = /'''(?:\\[\s\S]|[^\\])*?(?:'''|$)/u
/** One character; never a Rust lifetime. */
const CHARACTER = /'(?:\\[^\n][^'\n]{0,8}|[^'\\\n])'/u
const RAW_CPP = /(?:u8|[uUL])?R"(?<fence>[^\s()\\"]{0,16})\([\s\S]*?(?:\)\k<fence>"|$)/u
const RAW_RUST = /b?r(?<hashes>#*)"[\s\S]*?(?:"\k<hashes>|$)/u
const RAW_GO = /`[^`]*`?/u
/** `key: |` and the following lines with the indentation of the first. */
const YAML_BLOCK =
  /(?<=[:-]\s+)[|>][\d+-]*[ \t]*\r?\n(?:[ \t]*\r?\n)*(?<indent> +).*(?:\r?\n(?:\k<indent>.*|[ \t]*(?=[\r\n]|$)))*/u
const YAML_QUOTED = /(?<![^\s[{,:(])(?:"(?:\\[\s\S]|[^"\\])*"?|'[^']*'?)/u

/** A JavaScript regular expression; when unterminated, the rest of its line. */
export const JAVASCRIPT_REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n\r])*\]?|[^/\\\n\r[])*\/?[a-z]*/uy
/** From a backtick, or the brace that ends a substitution, to the next backtick or `${`. */
export const TEMPLATE_PART = /[`}](?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{|\\?$)/uy

const FREE = { spaces: 'drop', lines: 'drop' } as const
const FOLDED = { spaces: 'fold', lines: 'fold' } as const
const C_COMMENTS = [SLASHES, BLOCK]

const javascript = language('javascript', FREE, { comment: C_COMMENTS, string: [DOUBLE, SINGLE] })
const c = language('c', FREE, {
  comment: [SLASHES_CONTINUED, BLOCK, CONTINUATION],
  string: [RAW_CPP, DOUBLE, CHARACTER],
})
const java = language('c', FREE, { comment: C_COMMENTS, string: [TRIPLE_DOUBLE, DOUBLE, CHARACTER] })
const go = language('c', FREE, { comment: C_COMMENTS, string: [RAW_GO, DOUBLE, CHARACTER] })
const rust = language('c', FREE, { comment: C_COMMENTS, string: [RAW_RUST, DOUBLE_LINES, CHARACTER] })
const python = language(
  'python',
  { spaces: 'drop', lines: 'indent' },
  { comment: [HASH, CONTINUATION], string: [TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, SINGLE].map(prefixed) },
)
const yaml = language(
  'yaml',
  { spaces: 'fold', lines: 'indent' },
  {
    comment: [/(?<!\S)#.*/u],
    string: [YAML_BLOCK, YAML_QUOTED],
    word: String.raw`[\p{L}_][\p{L}\p{N}_.\-]*`,
  },
)
const toml = language(
  'toml',
  { spaces: 'drop', lines: 'fold' },
  { comment: [HASH], string: [TRIPLE_DOUBLE, /'''[\s\S]*?(?:'''|$)/u, DOUBLE, /'[^'\n]*'?/u] },
)
const shell = language('shell', FOLDED, {
  comment: [/(?<![^\s;&|()])#.*/u, CONTINUATION],
  string: [/\\[\s\S]/u, /'[^']*'?/u, DOUBLE_LINES],
})
const json = language('json', FREE, { string: [DOUBLE] })
const markup = language('markup', FOLDED, { comment: [/<!--[\s\S]*?(?:-->|$)/u] })
const unknown = language('unknown', FOLDED, {})

const BY_EXTENSION: ReadonlyMap<string, Language> = new Map([
  ...'js mjs cjs jsx ts mts cts tsx'.split(' ').map((name) => [name, javascript] as const),
  ...'c h cc cpp cxx hh hpp hxx cu cuh'.split(' ').map((name) => [name, c] as const),
  ...'py pyi pyx'.split(' ').map((name) => [name, python] as const),
  ...'yaml yml'.split(' ').map((name) => [name, yaml] as const),
  ...'sh bash zsh'.split(' ').map((name) => [name, shell] as const),
  ...'html htm xml svg md'.split(' ').map((name) => [name, markup] as const),
  ...'json ipynb'.split(' ').map((name) => [name, json] as const),
  ['java', java],
  ['go', go],
  ['rs', rust],
  ['toml', toml],
])

/** The language of a file, by its extension. `unknown` has no comments and no strings. */
export function languageOf(path: string): Language {
  return BY_EXTENSION.get(/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '') ?? unknown
}

function prefixed(string: RegExp): RegExp {
  return new RegExp(`[rRbBuUfFtT]{0,2}(?:${string.source})`, 'u')
}

function language(
  name: Language['name'],
  layout: Pick<Language, 'spaces' | 'lines'>,
  { comment = [], string = [], word = WORD }: Grammar,
): Language {
  const groups = [
    ['space', String.raw`\s+`],
    ['comment', comment.map(({ source }) => source).join('|')],
    ['string', string.map(({ source }) => source).join('|')],
    ['number', NUMBER],
    ['word', word],
    ['other', String.raw`[\s\S]`],
  ].filter(([, source]) => source !== '')
  const pattern = new RegExp(groups.map(([group, source]) => `(?<${group}>${source})`).join('|'), 'uy')
  return { name, pattern, ...layout }
}
