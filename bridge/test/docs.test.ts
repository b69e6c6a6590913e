/** What the docs say of the wire is what the wire has. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { CLOSE, COMMANDS, Content, ErrorCode, JournalEvent, MessageKind, StateEvent } from '../src/protocol.ts'

const DOCS = join(import.meta.dirname, '../../docs')

interface Tagged {
  properties: { kind?: { const: string }; type?: { const: string } }
}

function page(name: string): string {
  return readFileSync(join(DOCS, name), 'utf8')
}

function tags(union: { anyOf: readonly unknown[] }): string[] {
  return (union.anyOf as Tagged[]).map(({ properties: { kind, type } }) => (type ?? kind)?.const ?? '')
}

/** What stands as code in the first cells of the tables under a heading, or of all tables. */
function named(text: string, heading = ''): Set<string> {
  const start = heading === '' ? 0 : text.indexOf(`\n## ${heading}\n`) + 1
  assert.ok(start > 0 || heading === '', `there is no "${heading}"`)
  const end = heading === '' ? -1 : text.indexOf('\n## ', start)
  const part = text.slice(start, end === -1 ? undefined : end)
  const cells = [...part.matchAll(/^\|([^|]*)\|/gmu)].map(([, cell = '']) => cell)
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/gu)].map(([, code = '']) => code)))
}

function lists(names: Iterable<string>, listed: ReadonlySet<string>, where: string): void {
  for (const name of names) assert.ok(listed.has(name), `${where} does not list ${name}`)
}

test('docs/messages.md has a row for everything that can be sent, happen and be asked', () => {
  const text = page('messages.md')
  lists(tags(Content), named(text, 'What can be sent'), 'messages.md')
  const happening = named(text, 'What can happen')
  lists([...tags(JournalEvent), 'presence'], happening, 'messages.md')
  lists(
    MessageKind.enum.filter((kind) => kind !== 'other'),
    happening,
    'messages.md',
  )
})

test('the tests that docs/messages.md names are there', () => {
  const rows = page('messages.md').matchAll(/^\|[^\n]*\|$/gmu)
  const files = [...rows]
    .flatMap(([row]) => [...row.matchAll(/(?<![\w`*-])([a-z]+(?:-[a-z]+)*): \*/gu)])
    .map(([, file]) => file)
  assert.ok(files.length > 20)
  for (const file of new Set(files)) {
    assert.ok(existsSync(join(import.meta.dirname, `${file}.test.ts`)), `there is no ${file}.test.ts`)
  }
})

test('docs/protocol.md lists every command, event, error code and close code', () => {
  const listed = named(page('protocol.md'))
  lists(Object.keys(COMMANDS), listed, 'protocol.md')
  lists(
    [...tags(JournalEvent), ...tags(StateEvent)],
    new Set(page('protocol.md').match(/(?<=`)\w+(?=`)/gu)),
    'protocol.md',
  )
  lists(ErrorCode.enum, listed, 'protocol.md')
  const codes = page('protocol.md').match(/^\| (\d{4}) \|/gmu)
  for (const code of Object.values(CLOSE))
    assert.ok(codes?.includes(`| ${code} |`), `protocol.md does not list ${code}`)
})
