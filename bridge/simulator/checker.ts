import type { Static, TSchema } from 'typebox'
import type { TLocalizedValidationError } from 'typebox/error'
import { Compile } from 'typebox/compile'

import { SimulatorError } from './errors.ts'

/** Validates against a schema. The returned function throws SimulatorError with a sentence about the first mistake. */
export function checker<S extends TSchema>(schema: S): (value: unknown) => Static<S> {
  const compiled = Compile(schema)
  return (value) => {
    if (compiled.Check(value)) return value
    const first = compiled.Errors(value).find(({ keyword }) => keyword !== 'boolean')
    const where = first?.instancePath ? `\`${first.instancePath.slice(1)}\`` : 'The arguments'
    throw new SimulatorError(`${where} ${first?.message ?? 'are wrong'}${detailOf(first)}.`)
  }
}

function detailOf(error: TLocalizedValidationError | undefined): string {
  if (error?.keyword === 'enum') return `: ${error.params.allowedValues.join(', ')}`
  return error?.keyword === 'additionalProperties' ? `: ${error.params.additionalProperties.join(', ')}` : ''
}
