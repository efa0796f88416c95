// A line of a ledger: an event and what closes it. docs/ledger.schema.json is the JSON schema of lines.
import { z } from 'zod'
import { eventSchema, trial } from './events.ts'
import { trialResult } from './trial.ts'

const hash = z.string().regex(/^[0-9a-f]{16}$/)

const lineFields = {
  seq: z.int().min(1).meta({ description: 'Number of the line, from 1.' }),
  at: z.string().meta({ format: 'date-time', description: 'When it was written, in UTC.' }),
  hash: hash.meta({ description: 'Closes the line: hash of the hash before and of this line without it.' }),
}

const curvePlace = z
  .strictObject({
    file: z.int().min(0).meta({ description: 'Number of the file of curves.' }),
    hash: hash.meta({ description: 'Hash of the line in that file.' }),
  })
  .meta({ id: 'CurvePlace', description: 'Where the curve of a trial is stored.' })

/** The curve of a trial is a line in another file, and the line of the trial tells where. */
const storedTrial = trial.extend({
  result: trialResult
    .extend({ curve: trialResult.shape.curve.exactOptional() })
    .meta({ ...trialResult.meta(), id: 'TrialResult' }),
  curve: curvePlace
    .exactOptional()
    .meta({ description: 'Where its curve is stored; absent without a curve.' }),
})

const lines = eventSchema.options.map((event) => {
  const stored: z.ZodObject = event === trial ? storedTrial : event
  return stored.extend(lineFields).meta(event.meta() ?? {})
})

/** The JSON schema of a line. */
export function lineJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...schema } = z.toJSONSchema(z.union(lines))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:autoresearch-action:ledger-line',
    title: 'Ledger line, format 2',
    ...schema,
  }
}
