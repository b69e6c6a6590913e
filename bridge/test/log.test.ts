import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

import { mask } from '../src/log.ts'

const LOG = join(import.meta.dirname, '../src/log.ts')

test('numbers that could be somebody are masked, wherever they stand', () => {
  assert.equal(mask('15550000001@s.whatsapp.net'), '******@s.whatsapp.net')
  assert.equal(
    mask(String.raw`{"text":"a\n900000000000002@lid, 120363000000000001@g.us"}`),
    String.raw`{"text":"a\n******@lid, ******@g.us"}`,
  )
  assert.equal(mask('"time":"2026-11-22T06:47:50.360Z","code":503'), '"time":"2026-11-22T06:47:50.360Z","code":503')
})

test('a process logs masked lines on stderr, and its console is silent', () => {
  const script = `
    import { createLogger } from ${JSON.stringify(LOG)}
    console.log('no'); console.info('no'); console.error('no'); console.dir('no'); console.warn('no')
    const log = createLogger('info')
    log.debug('no')
    log.child({ part: 'engine' }).warn({ err: new Error('to 15550000001'), jid: '15550000001@s.whatsapp.net' }, 'yes')
    process.exit(0)
  `
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  })
  assert.equal(stdout, '')
  const lines = stderr.trim().split('\n')
  assert.equal(lines.length, 1)
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  assert.deepEqual(
    [line['level'], line['msg'], line['part'], line['jid']],
    ['warn', 'yes', 'engine', '******@s.whatsapp.net'],
  )
  assert.ok(!stderr.includes('15550000001'))
})
