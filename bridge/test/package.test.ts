import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')

interface Lock {
  packages: Record<string, { dev?: boolean; resolved?: string; hasInstallScript?: boolean }>
}

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
const shipped = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev)

test('nothing that is shipped is native, so that it runs everywhere and can be bundled', () => {
  assert.ok(shipped.length > 20)
  for (const [path] of shipped) {
    assert.deepEqual(
      globSync('**/{*.node,binding.gyp}', { cwd: join(ROOT, path), exclude: ['**/node_modules'] }),
      [],
      path,
    )
  }
})

test('neither sharp nor ffmpeg comes along', () => {
  const names = shipped.map(([path]) => path)
  assert.deepEqual(
    names.filter((name) => /sharp|ffmpeg|jimp|canvas/u.test(name)),
    [],
  )
})

test('the lock names no registry', () => {
  for (const [path, { resolved }] of Object.entries(lock.packages)) assert.equal(resolved, undefined, path)
})
