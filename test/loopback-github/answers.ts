/** The answers and errors of GitHub's REST interface, as values a route returns or throws. */

export interface Answer {
  readonly status: number
  /** `undefined`: no content. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface FieldError {
  readonly resource: string
  readonly field?: string
  readonly code: string
  readonly message?: string
}

const DOCUMENTATION = 'https://docs.github.com/rest'

/** An error answer of GitHub; thrown by routes, because it ends them from any depth. */
export class GitHubError extends Error {
  override name = 'GitHubError'
  readonly status: number
  readonly errors: readonly FieldError[] | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    options: { errors?: readonly FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.status = status
    this.errors = options.errors
    this.headers = options.headers ?? {}
  }

  get answer(): Answer {
    const { status, message, errors, headers } = this
    const body = {
      message,
      ...(errors === undefined ? {} : { errors }),
      documentation_url: DOCUMENTATION,
      status: String(status),
    }
    return { status, body, headers }
  }
}

export const notFound = () => new GitHubError(404, 'Not Found')
export const notAccessible = () => new GitHubError(403, 'Resource not accessible by integration')
export const unprocessable = (message: string) => new GitHubError(422, message)
export const validationFailed = (...errors: FieldError[]) =>
  new GitHubError(422, 'Validation Failed', { errors })
export const tooLong = (resource: string, field: string, maximum: number) =>
  validationFailed({
    resource,
    field,
    code: 'custom',
    message: `${field} is too long (maximum is ${maximum} characters)`,
  })

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const created = (body: unknown): Answer => ({ status: 201, body })
export const noContent = (): Answer => ({ status: 204 })

export interface Page<T> {
  readonly items: T[]
  readonly headers: Record<string, string>
}

/** One page of a list with the `Link` header that leads to the others. */
export function pageOf<T>(items: readonly T[], url: URL): Page<T> {
  const perPage = Math.min(100, Math.max(1, Number(url.searchParams.get('per_page') ?? 30) || 30))
  const page = Math.max(1, Number(url.searchParams.get('page') ?? 1) || 1)
  const last = Math.max(1, Math.ceil(items.length / perPage))
  const relations: [string, number][] = []
  if (page > 1) relations.push(['prev', page - 1])
  if (page < last) relations.push(['next', page + 1], ['last', last])
  if (page > 1) relations.push(['first', 1])
  const link = relations.map(([relation, to]) => `<${withPage(url, to)}>; rel="${relation}"`).join(', ')
  return {
    items: items.slice((page - 1) * perPage, page * perPage),
    headers: link === '' ? {} : { link },
  }
}

function withPage(url: URL, page: number): string {
  const to = new URL(url)
  to.searchParams.set('page', String(page))
  return to.href
}

export function listed<T>(items: readonly T[], url: URL, render: (item: T) => unknown): Answer {
  const page = pageOf(items, url)
  return { status: 200, body: page.items.map(render), headers: page.headers }
}
