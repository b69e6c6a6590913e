import { Settings } from 'typebox/system'
import { Compile } from 'typebox/compile'

import { BridgeError } from '../errors.ts'
import { type Command, type CommandArgs, COMMANDS } from '../protocol.ts'

interface Complaint {
  keyword: string
  schemaPath: string
  instancePath: string
  message: string
}

// Every branch of the union of contents complains before the one that was meant.
Settings.Set({ maxErrors: 256 })

/** Returns a function that gives typed arguments back, or throws `invalid_request`. */
export function checked<C extends Command>(name: C): (args: unknown) => CommandArgs<C> {
  const schema = Compile(COMMANDS[name].args)
  return (args) => {
    if (schema.Check(args)) return args as CommandArgs<C>
    const error = mostTelling(schema.Errors(args))
    const field = error?.instancePath ?? ''
    throw new BridgeError('invalid_request', `args${field} ${error?.message ?? 'are malformed'}`, { field })
  }
}

/** Of a union every branch complains: the branch that was meant has no complaint about its `kind`. */
function mostTelling(complaints: readonly Complaint[]): Complaint | undefined {
  const strange = complaints.filter(({ keyword }) => keyword === 'const')
  const others = strange.map(({ schemaPath }) => schemaPath.replace(/\/properties\/\w+$/u, ''))
  const meant = complaints.filter(
    ({ keyword, schemaPath }) =>
      keyword !== 'anyOf' && !others.some((branch) => schemaPath === branch || schemaPath.startsWith(`${branch}/`)),
  )
  return meant.toSorted((a, b) => depth(b) - depth(a))[0] ?? strange[0]
}

function depth({ instancePath }: Complaint): number {
  return instancePath.split('/').length
}
