/**
 * Prints the Python half of the wire, made from `src/protocol.ts`. Run by `scripts/protocol`.
 *
 * Enums become `Literal` aliases, objects `TypedDict`s, unions type aliases; the doc comments go along.
 */
import { readFileSync } from 'node:fs'
import type { TSchema } from 'typebox'
import { CLOSE, COMMANDS, DEFINITIONS, LIMITS, SCHEMA } from '../src/protocol.ts'

interface Node {
  type?: string
  enum?: string[]
  const?: string
  anyOf?: Node[]
  items?: Node
  properties?: Record<string, Node>
  patternProperties?: Record<string, Node>
  required?: string[]
}

const files = ['../src/protocol.ts', '../src/wire/basics.ts', '../src/wire/content.ts', '../src/wire/events.ts']
const source = files.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n')
const names = new Map<object, string>(Object.entries(DEFINITIONS).map(([name, schema]) => [schema, name]))
const blocks: string[] = []

/** The doc comment that stands before `pattern` in the source, as one line. */
function comment(pattern: string): string | undefined {
  const found = new RegExp(String.raw`/\*\*((?:(?!\*/)[\s\S])*?)\*/\s*${pattern}`).exec(source)
  return found?.[1]?.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim()
}

function wrap(text: string, width: number): string {
  return text.replaceAll(new RegExp(String.raw`(.{1,${width}})(?:\s+|$)`, 'g'), '$1\n').trimEnd()
}

/** A docstring body: a summary, and what follows it as a paragraph. */
function docstring(text: string): string {
  const [, summary = text, rest = ''] = /^(.*?\.)\s+(.*)$/.exec(text) ?? []
  const first = summary.replace(/\.?$/, '.')
  const lines = rest === '' ? `"""${first}"""` : `"""${first}\n\n${wrap(rest, 110)}\n"""`
  return lines.replaceAll(/^(?=.)/gm, '    ')
}

function literals(values: string[]): string {
  return `Literal[${values.map((value) => JSON.stringify(value)).join(', ')}]`
}

/** The Python type of a schema; an object without a name of its own is written out as `path`. */
function typeOf(schema: Node, path: string): string {
  const name = names.get(schema)
  if (name !== undefined) return name
  if (schema.anyOf) return schema.anyOf.map((each) => typeOf(each, path)).join(' | ')
  if (schema.enum) return literals(schema.enum)
  if (schema.const !== undefined) return literals([schema.const])
  if (schema.patternProperties) {
    const [value] = Object.values(schema.patternProperties)
    return `dict[str, ${value ? typeOf(value, `${path}Value`) : 'Any'}]`
  }
  switch (schema.type) {
    case 'string':
      return 'str'
    case 'number':
      return 'float'
    case 'integer':
      return 'int'
    case 'boolean':
      return 'bool'
    case 'null':
      return 'None'
    case 'array':
      return `list[${schema.items ? typeOf(schema.items, `${path}Item`) : 'Any'}]`
    case 'object':
      typedDict(path, schema, undefined)
      return path
    default:
      return 'Any'
  }
}

function typedDict(name: string, schema: Node, doc: string | undefined): void {
  const fields = Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const type = typeOf(value, name + key.replaceAll(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase()))
    return `    ${key}: ${schema.required?.includes(key) === true ? type : `NotRequired[${type}]`}`
  })
  const body = [docstring(doc ?? `The wire's \`${name}\``), ...(fields.length > 0 ? ['', ...fields] : [])]
  blocks.push(`class ${name}(TypedDict):\n${body.join('\n')}`)
}

function definition(name: string, schema: TSchema): void {
  const node = schema as Node
  const doc = comment(String.raw`export const ${name}\b`)
  if (node.properties) {
    typedDict(name, node, doc)
    return
  }
  names.delete(schema)
  const lines = doc === undefined ? '' : wrap(doc, 116).replaceAll(/^/gm, '# ') + '\n'
  blocks.push(`${lines}type ${name} = ${typeOf(node, name)}`)
  names.set(schema, name)
}

function constants(): string {
  const all = {
    SCHEMA_MIN: SCHEMA.min,
    SCHEMA_MAX: SCHEMA.max,
    ...prefixed('LIMIT_', LIMITS),
    ...prefixed('CLOSE_', CLOSE),
  }
  return Object.entries(all)
    .map(([name, value]) => `${name}: Final = ${value}`)
    .join('\n')
}

function prefixed(prefix: string, values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key.toUpperCase(), value]))
}

for (const [name, schema] of Object.entries(DEFINITIONS)) definition(name, schema)
for (const [command, { args, result }] of Object.entries(COMMANDS)) {
  const base = command.replaceAll(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())
  const doc = comment(`${command}: \\{`)
  if (Object.keys((args as Node).properties ?? {}).length > 0) {
    typedDict(`${base}Args`, args as Node, `Arguments of \`${command}\`. ${doc ?? ''}`.trim())
  }
  if (Object.keys((result as Node).properties ?? {}).length > 0) {
    typedDict(`${base}Result`, result as Node, `Answer to \`${command}\`.`)
  }
}

process.stdout.write(`"""The wire between the bridge and its clients.

Generated from bridge/src/protocol.ts by scripts/protocol: change it there.
"""

from typing import Any, Final, Literal, NotRequired, TypedDict

${constants()}

${blocks.join('\n\n\n')}
`)
