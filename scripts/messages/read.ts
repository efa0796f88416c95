// Reads from the text of a source file what it may tell people: errors, warnings, reasons, and answers of other programs
// with their remedies. Parts that are only known while the action runs become `…`.
import { type ESTree, parseSync, Visitor } from 'rolldown/utils'

export interface Message {
  /** The class of an error. An `answer` is a pattern of what GitHub, git or a training command prints. */
  kind: string
  text: string
  /** What to do about it; empty when the source has no advice. */
  remedy: string
}

/** The class of errors that the constants and functions with a message and a hint are made into. */
const REFUSAL = 'SandboxError'

type Constants = ReadonlyMap<string, ESTree.Expression>
type Node = ESTree.Argument | null | undefined

/**
 * @param source TypeScript
 * @param classes names of the errors that people see
 */
export function readMessages(source: string, classes: readonly string[]): Message[] {
  const { program } = parseSync('source.ts', source)
  const constants = constantsOf(program)
  const found: Message[] = []
  const add = (kind: string, text: Node, remedy: Node) => {
    const remedies = remedy ? textsOf(remedy, constants).join(' Or: ') : ''
    for (const one of textsOf(text, constants))
      if (/\w/.test(one)) found.push({ kind, text: one, remedy: remedies })
  }
  new Visitor({
    NewExpression({ callee, arguments: [text, options] }) {
      if (callee.type === 'Identifier' && classes.includes(callee.name) && text?.type !== 'ObjectExpression')
        add(callee.name, text, fieldOf(referred(options, constants), 'hint'))
    },
    CallExpression({ callee, arguments: [text] }) {
      if (
        callee.type === 'MemberExpression' &&
        callee.property.type === 'Identifier' &&
        callee.property.name === 'warn'
      )
        add('warning', text, undefined)
    },
    ObjectExpression(node) {
      const [message, hint, reason] = ['message', 'hint', 'reason'].map((key) => fieldOf(node, key))
      if (message && hint) add(REFUSAL, message, hint)
      if (reason) add('reason', reason, undefined)
      const advice = fieldOf(node, 'advice')
      if (advice)
        found.push({ kind: 'answer', text: answerOf(node, constants), remedy: textOf(advice, constants) })
    },
    ArrayExpression({ elements: [pattern, advice, ...more] }) {
      const remedy = more.length === 0 ? textOf(advice, constants) : ''
      const text = patternOf(pattern)
      if (text !== undefined && /\w/.test(remedy)) found.push({ kind: 'answer', text, remedy })
    },
  }).visit(program)
  return found
}

/** The constants of a file, and its functions that only return something. A name that means two things is left out. */
function constantsOf(program: ESTree.Program): Constants {
  const found: [name: string, meaning: ESTree.Expression | undefined][] = []
  const takeParameters = ({ params }: { params: readonly ESTree.ParamPattern[] }) => {
    for (const one of params) if (one.type === 'Identifier') found.push([one.name, undefined])
  }
  new Visitor({
    VariableDeclarator({ id, init }) {
      if (id.type === 'Identifier' && init) found.push([id.name, init])
    },
    FunctionDeclaration(node) {
      takeParameters(node)
      const returned = returnedBy(node.body?.body)
      if (node.id && returned) found.push([node.id.name, returned])
    },
    ArrowFunctionExpression: takeParameters,
  }).visit(program)
  const byName = Map.groupBy(found, ([name]) => name)
  return new Map(
    [...byName].flatMap(([name, [only, ...others]]) =>
      only?.[1] && others.length === 0 ? [[name, only[1]] as const] : [],
    ),
  )
}

function returnedBy([only]: readonly ESTree.Statement[] = []): ESTree.Expression | undefined {
  return only?.type === 'ReturnStatement' ? (only.argument ?? undefined) : undefined
}

/** What an expression may be: several texts if it chooses between them. */
function textsOf(node: Node, constants: Constants): string[] {
  if (node?.type === 'ConditionalExpression')
    return [node.consequent, node.alternate].flatMap((side) => textsOf(side, constants))
  if (node?.type === 'LogicalExpression')
    return [node.left, node.right]
      .flatMap((side) => textsOf(side, constants))
      .filter((text) => text !== UNKNOWN)
  const named = constantNamed(node, constants)
  return named ? textsOf(named, constants) : [textOf(node, constants)]
}

const UNKNOWN = '…'

function textOf(node: Node, constants: Constants): string {
  return writtenIn(node, constants)
    .replaceAll(/…(\s*…)+/g, UNKNOWN)
    .trim()
}

function writtenIn(node: Node, constants: Constants): string {
  const inner = (one: Node) => writtenIn(one, constants)
  switch (node?.type) {
    case 'Literal':
      return typeof node.value === 'string' ? node.value : UNKNOWN
    case 'TemplateLiteral': {
      const parts = node.expressions.map(inner)
      return node.quasis.map(({ value }, index) => `${value.cooked}${parts[index] ?? ''}`).join('')
    }
    case 'BinaryExpression':
      return node.left.type === 'PrivateIdentifier' ? UNKNOWN : inner(node.left) + inner(node.right)
    case 'ArrowFunctionExpression':
      return node.body.type === 'BlockStatement' ? UNKNOWN : inner(node.body)
    case 'FunctionExpression':
      return inner(returnedBy(node.body?.body))
    default: {
      const named = constantNamed(node, constants)
      return named?.type === 'ConditionalExpression' ? UNKNOWN : named ? inner(named) : UNKNOWN
    }
  }
}

const WORDS = ['Literal', 'TemplateLiteral', 'BinaryExpression', 'ConditionalExpression']

/** The words that a constant, or the call of a function, stands for. */
function constantNamed(node: Node, constants: Constants): ESTree.Expression | undefined {
  const name = node?.type === 'CallExpression' ? node.callee : node
  const found = name?.type === 'Identifier' ? constants.get(name.name) : undefined
  return found && WORDS.includes(found.type) ? found : undefined
}

function referred(node: Node, constants: Constants): Node {
  return node?.type === 'Identifier' ? constants.get(node.name) : node
}

function fieldOf(node: Node, key: string): ESTree.Expression | undefined {
  if (node?.type !== 'ObjectExpression') return undefined
  for (const property of node.properties)
    if (property.type === 'Property' && property.key.type === 'Identifier' && property.key.name === key)
      return property.value
  return undefined
}

function patternOf(node: Node): string | undefined {
  return node?.type === 'Literal' && 'regex' in node ? node.regex.pattern : undefined
}

/** `403, 404: words`, of a row of a table. A row without words is recognised by its call. */
function answerOf(row: ESTree.ObjectExpression, constants: Constants): string {
  const status = fieldOf(row, 'status')
  const numbers = status?.type === 'ArrayExpression' ? status.elements : [status]
  const statuses = numbers.flatMap((one) => (one?.type === 'Literal' ? [String(one.value)] : [])).join(', ')
  const call = fieldOf(row, 'call')
  const words =
    patternOf(fieldOf(row, 'message') ?? fieldOf(row, 'pattern')) ?? patternOf(referred(call, constants))
  return [statuses, words].filter(Boolean).join(': ')
}
