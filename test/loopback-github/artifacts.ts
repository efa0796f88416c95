/** Artifacts of workflow runs, as the artifact client (`@actions/artifact`) asks for them: a Twirp service and a blob store. */
import { createHash, randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'

interface Artifact {
  id: number
  run: string
  name: string
  /** Parts of an upload by the id that its client gave them. */
  blocks: Map<string, Buffer>
  content: Buffer
  mimeType: string
  finished: boolean
  createdAt: string
}

/** Fields of the requests, as far as they are used. */
interface Asked {
  workflow_run_backend_id: string
  name?: string
  /** Absent before version 7 of the client. */
  mime_type?: string
  name_filter?: string
  id_filter?: string
}

const SERVICE = '/twirp/github.actions.results.api.v1.ArtifactService'

/** @param site address of this server */
export function createArtifacts(site: () => string, now: () => Date): Hono {
  const artifacts = new Map<string, Artifact>()
  const app = new Hono()
  const of = ({ workflow_run_backend_id: run, name }: Asked) =>
    [...artifacts].find(([, one]) => one.run === run && one.name === name)
  const service = (operation: string, answer: (asked: Asked) => object | undefined) =>
    app.post(`${SERVICE}/${operation}`, async (context) => {
      const answered = answer((await context.req.json()) as Asked)
      return answered
        ? context.json(answered)
        : context.json({ code: 'not_found', msg: `no such artifact` }, 404)
    })

  service('CreateArtifact', (asked) => {
    if (of(asked)) return undefined
    const { workflow_run_backend_id: run, name = '', mime_type: mimeType = 'application/zip' } = asked
    const key = randomUUID()
    const id = artifacts.size + 1
    const createdAt = now().toISOString()
    const content = Buffer.alloc(0)
    artifacts.set(key, { id, run, name, mimeType, content, createdAt, blocks: new Map(), finished: false })
    return { ok: true, signed_upload_url: `${site()}/artifacts/${key}?sig=${key}` }
  })
  service('FinalizeArtifact', (asked) => {
    const [, artifact] = of(asked) ?? []
    if (!artifact) return undefined
    artifact.finished = true
    return { ok: true, artifact_id: String(artifact.id) }
  })
  service('ListArtifacts', ({ workflow_run_backend_id: run, name_filter: name, id_filter: id }) => ({
    artifacts: [...artifacts.values()]
      .filter((one) => one.finished && one.run === run)
      .filter(
        (one) => (name === undefined || one.name === name) && (id === undefined || String(one.id) === id),
      )
      .map(render),
  }))
  service('GetSignedArtifactURL', (asked) => {
    const [key, artifact] = of(asked) ?? []
    return artifact?.finished ? { signed_url: `${site()}/artifacts/${key}?sig=${key}` } : undefined
  })
  app.put('/artifacts/:key', (context) => store(context, artifacts.get(context.req.param('key'))))
  app.get('/artifacts/:key', (context) => {
    const artifact = artifacts.get(context.req.param('key'))
    if (!artifact) return context.notFound()
    return context.body(new Uint8Array(artifact.content), 200, { 'content-type': artifact.mimeType })
  })
  return app
}

function render({ id, run, name, content, createdAt }: Artifact) {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  return {
    workflow_run_backend_id: run,
    workflow_job_run_backend_id: run,
    database_id: String(id),
    name,
    size: String(content.length),
    created_at: createdAt,
    digest,
  }
}

/** As the blob store does: a blob at once, or blocks and then the list that puts them in order. */
async function store(context: Context, artifact: Artifact | undefined): Promise<Response> {
  if (!artifact) return context.notFound()
  const body = Buffer.from(await context.req.arrayBuffer())
  const part = context.req.query('comp')
  if (part === 'block') artifact.blocks.set(context.req.query('blockid') ?? '', body)
  else if (part === 'blocklist') {
    const ids = [...body.toString('utf8').matchAll(/<(?:Latest|Uncommitted)>([^<]+)</g)].map(
      ([, id = '']) => id,
    )
    artifact.content = Buffer.concat(ids.flatMap((id) => artifact.blocks.get(id) ?? []))
  } else artifact.content = body
  return context.body(null, 201, { etag: '"1"', 'x-ms-request-id': randomUUID() })
}
