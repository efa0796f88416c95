/** The addresses of the pages, the same as on GitHub. Whoever reaches the port may read them. */
import { type Context, Hono } from 'hono'
import { html, raw } from 'hono/html'
import type { Repository, Store } from '../store.ts'
import { codePage, commitPage, comparePage, filePage, findFile } from './code.ts'
import type { Html } from './layout.ts'
import { STYLE } from './style.ts'
import { checkRunPage, issuePage, issuesPage, pullPage, pullsPage } from './threads.ts'

type Page = (
  repository: Repository,
  rest: string,
  context: Context,
) => Promise<Html | undefined> | Html | undefined

const PAGES: Readonly<Record<string, Page>> = {
  '': (repository) => codePage(repository, repository.defaultBranch),
  tree: codePage,
  commits: codePage,
  commit: commitPage,
  compare: comparePage,
  blob: filePage,
  pulls: (repository, _, context) => pullsPage(repository, context.req.query('state')),
  pull: (repository, number) => pullPage(repository, Number.parseInt(number, 10)),
  issues: (repository, number) =>
    number === '' ? issuesPage(repository) : issuePage(repository, Number.parseInt(number, 10)),
  runs: (repository, id) => checkRunPage(repository, Number.parseInt(id, 10)),
}

const TYPES: Readonly<Record<string, string>> = { svg: 'image/svg+xml', png: 'image/png', jpg: 'image/jpeg' }

export function createPages(store: Store): Hono {
  const pages = new Hono()
  pages.get('/', (context) => context.html(frontPage(store)))
  pages.get('/:owner/:name/raw/:path{.+}', (context) => rawFile(store, context))
  pages.get('/:owner/:name/:rest{.*}?', async (context) => {
    const { owner, name, rest = '' } = context.req.param()
    const repository = store.find(`${owner}/${name}`)
    const [kind = '', ...others] = rest.split('/')
    const page = repository && (await PAGES[kind]?.(repository, others.join('/'), context))
    return page === undefined ? context.notFound() : context.html(page)
  })
  pages.notFound((context) => context.text('Not Found', 404))
  return pages
}

function frontPage(store: Store): Html {
  const names = [...store.repositories.values()].map(({ fullName }) => fullName)
  return html`<!doctype html><html lang="en"><meta charset="utf-8"><title>Loopback GitHub</title>
<style>${raw(STYLE)}</style><main><h1>Repositories</h1><div class="box">
${names.map((name) => html`<div class="row"><a href="/${name}">${name}</a></div>`)}</div></main></html>`
}

/** Candidates write these files: images are shown as such, anything else as plain text that cannot run. */
async function rawFile(store: Store, context: Context): Promise<Response> {
  const repository = store.find(`${context.req.param('owner')}/${context.req.param('name')}`)
  const file = repository && (await findFile(repository, context.req.param('path') ?? ''))
  if (file === undefined) return context.notFound()
  const extension = file.path.split('.').at(-1) ?? ''
  return new Response(new Uint8Array(file.bytes), {
    headers: {
      'content-type': TYPES[extension] ?? 'text/plain; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'x-content-type-options': 'nosniff',
    },
  })
}
