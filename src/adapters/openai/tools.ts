// Executes the agent's tool calls on files in memory. Only the quick checks run outside this process.
import { Script } from 'node:vm'
import type { SubmitCall, ToolCall } from '../../core/propose/agent.ts'
import { searchFiles } from '../../core/propose/search.ts'
import {
  applyEdit,
  changedFiles,
  deleteFile,
  type EditResult,
  type FileText,
  listFiles,
  moveFile,
  readFile,
  showDiff,
  type Workspace,
  writeFile,
} from '../../core/propose/workspace.ts'
import type { ProposalRequest } from '../../ports/proposer.ts'

/** The message to the model about a failed call. */
export interface Failed {
  kind: 'failed'
  text: string
}

export type Answer =
  | { kind: 'text'; text: string }
  | Failed
  | { kind: 'edited'; workspace: Workspace }
  | { kind: 'submit'; call: SubmitCall }

/** A search blocks this process, which may be timing a trial, so it must be short. */
const SEARCH_MILLISECONDS = 250

export function failed(problem: string): Failed {
  return { kind: 'failed', text: `error: ${problem}` }
}

export async function callTool(
  call: ToolCall,
  workspace: Workspace,
  request: ProposalRequest,
): Promise<Answer> {
  switch (call.tool) {
    case 'list_files':
      return { kind: 'text', text: listFiles(workspace) }
    case 'read_file':
      return fromText(readFile(workspace, call.path, call.from_line, call.to_line))
    case 'search_files':
      return fromText(
        within(SEARCH_MILLISECONDS, () => searchFiles(workspace, call)) ?? {
          kind: 'refused',
          problem: 'the search took too long; use a simpler pattern',
        },
      )
    case 'edit_file':
      return fromEdit(applyEdit(workspace, call))
    case 'write_file':
      return fromEdit(writeFile(workspace, call.path, call.content))
    case 'delete_file':
      return fromEdit(deleteFile(workspace, call.path))
    case 'move_file':
      return fromEdit(moveFile(workspace, call.path, call.to))
    case 'show_diff':
      return { kind: 'text', text: showDiff(workspace) }
    case 'run_checks':
      return runChecks(workspace, request)
    case 'search_past':
      return { kind: 'text', text: (await request.past.search(call)).text }
    case 'read_past': {
      const text = await request.past.read(call.id, call.part)
      return text === undefined
        ? failed(`no ${call.part} of ${JSON.stringify(call.id)} is kept`)
        : { kind: 'text', text }
    }
    case 'submit':
      return { kind: 'submit', call }
  }
}

const SCRIPT = new Script('compute()')

/** The result of `compute`, or undefined when it took longer: a regular expression that a model wrote may never finish. */
export function within<T>(milliseconds: number, compute: () => T): T | undefined {
  try {
    // `vm` is used only for its timeout, which can interrupt synchronous code; not as a sandbox.
    return SCRIPT.runInNewContext({ compute }, { timeout: milliseconds }) as T
  } catch (error) {
    // Recognised by code, because the error comes from another context and is no instance of this one's `Error`.
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined
    throw error
  }
}

function fromText(file: FileText): Answer {
  return file.kind === 'refused' ? failed(file.problem) : file
}

function fromEdit(edit: EditResult): Answer {
  return edit.kind === 'refused' ? failed(edit.problem) : edit
}

/** Runs the quick checks, but only on changes that pass the static gate. */
async function runChecks(workspace: Workspace, { review, check }: ProposalRequest): Promise<Answer> {
  const files = changedFiles(workspace)
  if (check === undefined) return failed('there are no checks here')
  if (files.size === 0) return failed('nothing is edited yet')
  const problems = review({ files })
  if (problems.length > 0)
    return failed(`not checked, because this change would be refused: ${problems.join('; ')}`)
  const { passed, text } = await check(files)
  return { kind: 'text', text: `${passed ? 'passed' : 'failed'}\n${text}` }
}
