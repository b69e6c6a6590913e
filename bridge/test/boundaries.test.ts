/** "Who may import whom" of docs/architecture.md. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gu

interface Source {
  path: string
  text: string
  /** Paths within the bridge, and names of packages. */
  imports: string[]
}

function read(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const imports = [...text.matchAll(IMPORT)].map((match) => {
    const name = match[1] ?? match[2] ?? ''
    return name.startsWith('.') ? normalize(join(dirname(path), name)) : name
  })
  return { path, text, imports }
}

function sources(...patterns: string[]): Source[] {
  return globSync(patterns, { cwd: ROOT })
    .toSorted((a, b) => a.localeCompare(b))
    .map((path) => read(relative(ROOT, join(ROOT, path))))
}

function isIn(path: string, ...places: string[]): boolean {
  return places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place))
}

const SHARED = ['src/wire/', 'src/protocol.ts', 'src/log.ts', 'src/errors.ts']
const PORT = 'src/engine/engine.ts'
const TOLD = 'src/engine/events.ts'

/** What of the bridge each place may import, beside itself. */
const ALLOWED: [place: string, allowed: string[]][] = [
  ['src/main.ts', ['src/bridge.ts', 'src/options.ts']],
  ['src/bridge.ts', ['src/', 'package.json']],
  ['src/options.ts', ['src/log.ts']],
  ['src/log.ts', []],
  ['src/protocol.ts', ['src/wire/']],
  ['src/wire/', []],
  ['src/errors.ts', ['src/protocol.ts', PORT]],
  ['src/server/', ['src/account/', ...SHARED]],
  ['src/account/', ['src/store/', PORT, ...SHARED]],
  ['src/store/', SHARED],
  [PORT, [TOLD, ...SHARED]],
  [TOLD, SHARED],
  ['src/engine/', [PORT, TOLD, ...SHARED]],
  ['simulator/', []],
]

const all = sources('src/**/*.ts')

test('the rules look at real files', () => {
  assert.ok(all.length > 30)
  assert.ok(read('src/server/session.ts').imports.includes('src/account/account.ts'))
  assert.ok(all.some(({ path, imports }) => isIn(path, 'src/engine/baileys/') && imports.includes('baileys')))
})

test('every place imports only what it may', () => {
  for (const { path, imports } of [...all, ...sources('simulator/**/*.ts')]) {
    const [place, allowed] = ALLOWED.find(([where]) => isIn(path, where)) ?? [undefined, []]
    assert.ok(place, `no rule says what ${path} may import`)
    for (const name of imports) {
      if (!/^(?:src|simulator|test|tools|bench)\/|\.json$/u.test(name)) continue
      assert.ok(isIn(name, place, ...allowed), `${path} must not import ${name}`)
    }
  }
})

test('only the engine and the simulator know Baileys and what comes with it', () => {
  for (const { path, imports } of all) {
    if (isIn(path, 'src/engine/baileys/')) continue
    const found = imports.filter((name) => /^(?:baileys|libsignal)(?:\/|$)/u.test(name))
    assert.deepEqual(found, [], `${path} must not import Baileys`)
  }
})

test('only the store speaks SQL', () => {
  for (const { path, imports, text } of all) {
    if (isIn(path, 'src/store/')) continue
    assert.ok(!imports.includes('node:sqlite'), `${path} must not import node:sqlite`)
    assert.doesNotMatch(
      text,
      /['"`]\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|PRAGMA|BEGIN)\b(?!:)/u,
      path,
    )
  }
})

test('only the entrance reads the environment, and only it ends the process', () => {
  for (const { path, text } of all) {
    if (!isIn(path, 'src/main.ts', 'src/options.ts', 'src/server/announce.ts')) {
      assert.doesNotMatch(text, /process\.env/u, path)
    }
    if (path !== 'src/main.ts') assert.doesNotMatch(text, /process\.(?:exit|abort|kill)\(|process\.exitCode/u, path)
  }
})

test('only log.ts makes loggers, and nothing uses the console', () => {
  for (const { path, imports, text } of all) {
    if (path === 'src/log.ts') continue
    assert.ok(!imports.includes('pino'), `${path} must not make a logger`)
    assert.doesNotMatch(text, /\bconsole\.\w/u, path)
  }
})

test('a file is one idea: under 300 lines', () => {
  for (const { path, text } of [...all, ...sources('simulator/**/*.ts')]) {
    if (path === 'src/protocol.ts') continue
    assert.ok(text.split('\n').length <= 300, `${path} is ${text.split('\n').length} lines long`)
  }
})
