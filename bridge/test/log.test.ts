import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

import { mask } from '../src/log.ts'

const LOG = join(import.meta.dirname, '../src/log.ts')
const MASKED = /~[a-p]{6}/u

test('numbers that could be somebody are masked, wherever they stand', () => {
  assert.match(mask('15550000001@s.whatsapp.net'), /^~[a-p]{6}@s\.whatsapp\.net$/u)
  assert.match(mask('a\n900000000000002@lid, 120363000000000001@g.us'), /^a\n~[a-p]{6}@lid, ~[a-p]{6}@g\.us$/u)
  assert.equal(mask('2026-11-22T06:47:50.360Z, 503'), '2026-11-22T06:47:50.360Z, 503')
})

test('the same number is masked the same, and another differently: groups can be told apart', () => {
  const [one, other] = ['120363000000000001@g.us', '120363000000000002@g.us']
  assert.equal(mask(one), mask(one))
  assert.notEqual(mask(one), mask(other))
})

/** What a process logs that runs this. */
function logged(script: string): { stdout: string; stderr: string; lines: Record<string, unknown>[] } {
  const whole = `import { createLogger } from ${JSON.stringify(LOG)}\nconst log = createLogger('info')\n${script}\nprocess.exit(0)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', whole], { encoding: 'utf8' })
  const lines = stderr.split('\n').filter((line) => line !== '')
  return { stdout, stderr, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

test('a process logs masked lines on stderr, and its console is silent', () => {
  const { stdout, stderr, lines } = logged(`
    console.log('no'); console.info('no'); console.error('no'); console.dir('no'); console.warn('no')
    log.debug('no')
    log.child({ part: 'engine' }).warn({ err: new Error('to 15550000001'), jid: '15550000001@s.whatsapp.net' }, 'yes')
  `)
  assert.equal(stdout, '')
  assert.equal(lines.length, 1)
  const [line] = lines
  assert.deepEqual([line?.['level'], line?.['msg'], line?.['part']], ['warn', 'yes', 'engine'])
  assert.match(String(line?.['jid']), MASKED)
  assert.ok(!stderr.includes('15550000001'))
})

test('a line stays JSON, whatever numbers are in it', () => {
  const { lines } = logged(
    `log.info({ seconds: 1.23456789, number: 15550000001, code: 503, deep: [{ '15550000001': 15550000001 }] })`,
  )
  const [line] = lines
  assert.deepEqual([line?.['seconds'], line?.['code']], [1.235, 503])
  assert.match(String(line?.['number']), MASKED)
  assert.match(JSON.stringify(line?.['deep']), /^\[\{"~[a-p]{6}":"~[a-p]{6}"\}\]$/u)
})

test('an error is logged without what it quotes', () => {
  const { stderr, lines } = logged(`
    try { JSON.parse('{"text":"meet me at nine') } catch (error) { log.error({ err: error }, 'x') }
    try { JSON.parse('my secret') } catch (error) { log.error({ err: new Error('wrapped', { cause: error }) }, 'x') }
  `)
  assert.doesNotMatch(stderr, /nine|secret/u)
  const [first, second] = lines as { err: Record<string, unknown> }[]
  assert.equal(first?.err['type'], 'SyntaxError')
  assert.match(String(first.err['stack']), /^\s+at /u)
  assert.equal(second?.err['message'], 'wrapped')
})
