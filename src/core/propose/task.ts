// What a coding agent of any make is told: how to hand in, the brief, and why its last attempt was refused.
import { CATEGORIES } from '../record/candidate.ts'
import { fence } from '../text/markdown.ts'
import { HEADERS } from './hand-in.ts'

const EXAMPLE = {
  title: 'Warm up for 5 % of the steps',
  hypothesis: 'The first steps are too large.',
  category: 'schedule',
  expected_effect: '-0.01',
}

/** Linux takes 128 KiB for one variable, its name included. */
const MAX_VARIABLE_BYTES = 120_000
const MAX_REASON_CHARACTERS = 1500

/**
 * The whole task. Its first part never changes, so that an endpoint can cache it.
 *
 * @param refused why the last attempt of this agent came to nothing, if it did
 */
export function agentTask(brief: string, refused: string | undefined): string {
  return [howToHandIn(), brief, ...(refused === undefined ? [] : [lastTime(refused)])].join('\n\n')
}

function howToHandIn(): string {
  return `# Your task

You are in a copy of a research repository. Change the files you may edit so that the metric below gets better: one idea,
nothing else. Nobody answers questions, and nothing can be installed.

- Edit the files in place, in this folder. What differs when you end is the candidate.
- Add, delete or rename no file, and leave nothing else behind; scratch files go into $TMPDIR.
- Do not commit: there is no git repository.
- When you are done, write a JSON file to the path in $AUTORESEARCH_PROPOSAL, with exactly these fields:

${fence(JSON.stringify(EXAMPLE, null, 2), 'json')}

category is one of ${CATEGORIES.join(', ')}. If you know what your work took, add
"usage": {"input_tokens": 0, "output_tokens": 0, "dollars": 0}.

If you cannot write that file, end your last message with these four lines instead:

${HEADERS.title}: the change in one line
${HEADERS.hypothesis}: why this should improve the metric
${HEADERS.category}: one of the categories
${HEADERS.expected_effect}: your guess of the change of the metric`
}

function lastTime(refused: string): string {
  return `# Your last attempt came to nothing\n\n${fence(refused, '', MAX_REASON_CHARACTERS)}`
}

/** The task as far as one variable, or one argument of a program, can hold it. */
export function taskVariable(task: string, file: string): string {
  const bytes = Buffer.from(task)
  if (bytes.length <= MAX_VARIABLE_BYTES) return task
  const kept = bytes
    .subarray(0, MAX_VARIABLE_BYTES)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
  return `${kept}\n[… cut: the rest is in the file ${file} …]`
}
