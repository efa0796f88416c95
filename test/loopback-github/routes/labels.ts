/** Labels of a repository, and on its issues and pull requests. */
import { created, listed, notFound, ok, validationFailed } from '../answers.ts'
import type { Call, Route } from '../call.ts'
import { renderLabel, renderLabels } from '../render/thread.ts'
import type { Issue, Label, LabelEvent } from '../store.ts'
import { writableThreadOf } from './threads.ts'

const READ = [
  ['issues', 'read'],
  ['pull_requests', 'read'],
] as const
const WRITE = [
  ['issues', 'write'],
  ['pull_requests', 'write'],
] as const

/** Gives the thread exactly these labels. Makes those that do not exist yet, as GitHub does, and notes what changed. */
export function applyLabels(call: Call, issue: Issue, names: readonly string[]): void {
  const wanted = [...new Set(names.map((name) => labelNamed(call, name).name))]
  const note = (event: LabelEvent['event'], labels: readonly string[]) =>
    issue.events.push(...labels.map((label) => labelEvent(call, event, label)))
  note(
    'unlabeled',
    issue.labels.filter((label) => !wanted.includes(label)),
  )
  note(
    'labeled',
    wanted.filter((label) => !issue.labels.includes(label)),
  )
  issue.labels = wanted
}

function labelEvent({ store, token }: Call, event: LabelEvent['event'], label: string): LabelEvent {
  return { id: store.nextId(), event, actor: token.actor, label, createdAt: store.timestamp() }
}

function labelNamed({ repository, store }: Call, name: string, color = 'ededed', description = ''): Label {
  const known = repository.labels.get(name.toLowerCase())
  const label = known ?? { id: store.nextId(), name, color, description }
  repository.labels.set(name.toLowerCase(), label)
  return label
}

function createLabel(call: Call) {
  const { name, color, description } = call.body as { name: string; color?: string; description?: string }
  if (call.repository.labels.has(name.toLowerCase()))
    throw validationFailed({ resource: 'Label', code: 'already_exists', field: 'name' })
  return created(renderLabel(call.repository, labelNamed(call, name, color, description)))
}

function getLabel({ repository, params }: Call) {
  const label = repository.labels.get((params.name ?? '').toLowerCase())
  if (label === undefined) throw notFound()
  return ok(renderLabel(repository, label))
}

function addLabels(call: Call) {
  const issue = writableThreadOf(call)
  const { labels } = call.body as { labels: (string | { name: string })[] }
  const names = labels.map((label) => (typeof label === 'string' ? label : label.name))
  applyLabels(call, issue, [...issue.labels, ...names])
  issue.updatedAt = call.store.timestamp()
  return ok(renderLabels(call.repository, issue.labels))
}

function removeLabel(call: Call) {
  const issue = writableThreadOf(call)
  const name = call.params.name?.toLowerCase()
  const left = issue.labels.filter((label) => label.toLowerCase() !== name)
  if (left.length === issue.labels.length) throw notFound()
  applyLabels(call, issue, left)
  issue.updatedAt = call.store.timestamp()
  return ok(renderLabels(call.repository, left))
}

const listLabels = ({ repository, url }: Call) =>
  listed([...repository.labels.values()], url, (label) => renderLabel(repository, label))

export const labelRoutes: Record<string, Route> = {
  'issues/create-label': { needs: WRITE, answer: createLabel },
  'issues/get-label': { needs: READ, answer: getLabel },
  'issues/list-labels-for-repo': { needs: READ, answer: listLabels },
  'issues/add-labels': { needs: WRITE, answer: addLabels },
  'issues/remove-label': { needs: WRITE, answer: removeLabel },
}
