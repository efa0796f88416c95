/**
 * Cuts `test/loopback-github/openapi-slice.json` out of GitHub's own OpenAPI description. Run by hand: `node scripts/openapi-slice.ts`.
 * The description's package is 385 MB unpacked, so it is packed into a temporary directory and never installed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

const PACKAGE = '@octokit/openapi@23.0.2'
const DESCRIPTION = 'package/generated/api.github.com.json'
const TARGET = new URL('../test/loopback-github/openapi-slice.json', import.meta.url)

const OPERATIONS = new Set([
  'actions/create-workflow-dispatch',
  'actions/get-workflow',
  'actions/list-repo-workflows',
  'actions/get-github-actions-default-workflow-permissions-repository',
  'checks/create',
  'checks/get',
  'checks/list-for-ref',
  'checks/update',
  'git/create-commit',
  'git/create-ref',
  'git/delete-ref',
  'git/get-commit',
  'git/get-ref',
  'git/get-tree',
  'git/list-matching-refs',
  'git/update-ref',
  'issues/add-labels',
  'issues/create',
  'issues/create-comment',
  'issues/create-label',
  'issues/delete-comment',
  'issues/get',
  'issues/get-label',
  'issues/list-comments',
  'issues/list-events',
  'issues/list-for-repo',
  'issues/list-labels-for-repo',
  'issues/remove-label',
  'issues/update',
  'issues/update-comment',
  'pulls/create',
  'pulls/get',
  'pulls/list',
  'pulls/list-commits',
  'pulls/list-files',
  'pulls/merge',
  'pulls/update',
  'pulls/update-branch',
  'rate-limit/get',
  'repos/compare-commits',
  'repos/get',
  'repos/get-branch',
  'repos/get-branch-protection',
  'repos/get-branch-rules',
  'repos/get-collaborator-permission-level',
  'repos/get-commit',
  'repos/get-content',
  'repos/list-branches',
  'repos/list-commits',
])

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const PROSE = new Set([
  'description',
  'summary',
  'example',
  'examples',
  'title',
  'externalDocs',
  'deprecated',
])

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A property may itself be called "title" or "description": inside `properties` and other name maps every key stays. */
const NAME_MAPS = new Set(['properties', 'responses', 'content', 'paths', 'schemas', 'parameters', 'headers'])

function withoutProse(value: Json, keysAreNames = false): Json {
  if (Array.isArray(value)) return value.map((item) => withoutProse(item))
  if (!isObject(value)) return value
  const kept = Object.entries(value).filter(
    ([key]) => keysAreNames || !(PROSE.has(key) || key.startsWith('x-') || key === 'headers'),
  )
  return asJsonSchema(
    Object.fromEntries(
      kept.map(([key, item]) => [key, withoutProse(item, !keysAreNames && NAME_MAPS.has(key))]),
    ),
    keysAreNames,
  )
}

/** OpenAPI 3.0 says `nullable`, JSON Schema says `null` is one of the types. */
function asJsonSchema(schema: JsonObject, keysAreNames: boolean): JsonObject {
  if (keysAreNames || !('nullable' in schema)) return schema
  const { nullable, ...rest } = schema
  if (nullable !== true) return rest
  if (Array.isArray(rest.enum) && !rest.enum.includes(null)) rest.enum = [...rest.enum, null]
  if (typeof rest.type === 'string') return { ...rest, type: [rest.type, 'null'] }
  return { anyOf: [rest, { type: 'null' }] }
}

/** Adds every component that `value` refers to, and what those refer to, to `kept`. */
function keepReferenced(value: Json, components: JsonObject, kept: Map<string, Json>): void {
  if (Array.isArray(value)) for (const item of value) keepReferenced(item, components, kept)
  if (!isObject(value)) return
  for (const [key, item] of Object.entries(value)) {
    if (key !== '$ref' || typeof item !== 'string') keepReferenced(item, components, kept)
    else keepComponent(item, components, kept)
  }
}

function keepComponent(reference: string, components: JsonObject, kept: Map<string, Json>): void {
  const path = reference.replace('#/components/', '')
  if (kept.has(path)) return
  const [kind = '', name = ''] = path.split('/')
  const group = components[kind]
  const component = isObject(group) ? group[name] : undefined
  if (component === undefined) throw new Error(`The description refers to ${reference} but does not hold it`)
  const cut = withoutProse(component)
  kept.set(path, cut)
  keepReferenced(cut, components, kept)
}

function pathsInUse(paths: JsonObject): JsonObject {
  const inUse: JsonObject = {}
  for (const [path, item] of Object.entries(paths)) {
    if (!isObject(item)) continue
    for (const method of METHODS) {
      const operation = item[method]
      if (!isObject(operation) || !OPERATIONS.has(String(operation.operationId))) continue
      const { tags: _tags, ...described } = operation
      inUse[path] = { ...(inUse[path] as JsonObject | undefined), [method]: withoutProse(described) }
    }
  }
  return inUse
}

function cutSlice(description: JsonObject): JsonObject {
  const paths = pathsInUse(description.paths as JsonObject)
  const kept = new Map<string, Json>()
  keepReferenced(paths, description.components as JsonObject, kept)
  const components: Record<string, JsonObject> = {}
  for (const path of [...kept.keys()].sort()) {
    const [kind = '', name = ''] = path.split('/')
    components[kind] = { ...components[kind], [name]: kept.get(path) ?? null }
  }
  return { source: PACKAGE, paths, components }
}

async function readDescription(): Promise<JsonObject> {
  const directory = await mkdtemp(join(tmpdir(), 'openapi-'))
  try {
    await execa('npm', ['pack', PACKAGE, '--silent', '--pack-destination', directory])
    const archive = join(directory, 'octokit-openapi-23.0.2.tgz')
    const { stdout } = await execa('tar', ['-xzOf', archive, DESCRIPTION], { maxBuffer: 100_000_000 })
    return JSON.parse(stdout) as JsonObject
  } finally {
    await rm(directory, { recursive: true })
  }
}

const slice = cutSlice(await readDescription())
const found = JSON.stringify(slice.paths)
for (const id of OPERATIONS) {
  if (!found.includes(`"operationId":"${id}"`)) throw new Error(`The description has no operation ${id}`)
}
const text = `${JSON.stringify(slice)}\n`
await writeFile(TARGET, text)
process.stdout.write(`${TARGET.pathname}: ${OPERATIONS.size} operations, ${text.length} characters\n`)
