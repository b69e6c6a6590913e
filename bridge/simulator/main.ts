import { parseArgs } from 'node:util'

import { ControlServer } from './control.ts'
import { SimulatedWhatsApp } from './server.ts'
import { silenceConsole } from './silence.ts'

const USAGE = 'Usage: node simulator/main.ts [--addressing lid|pn] [--port N] [--control-port N]\n'

function fail(message: string): never {
  process.stderr.write(message)
  process.exit(2)
}

function options(): { addressing: 'lid' | 'pn'; port: number; controlPort: number } {
  try {
    const { values } = parseArgs({
      options: {
        addressing: { type: 'string', default: 'lid' },
        port: { type: 'string', default: '0' },
        'control-port': { type: 'string', default: '0' },
      },
    })
    const { addressing, port, 'control-port': controlPort } = values
    if (addressing !== 'lid' && addressing !== 'pn') return fail(USAGE)
    return { addressing, port: portFrom(port), controlPort: portFrom(controlPort) }
  } catch {
    return fail(USAGE)
  }
}

function portFrom(text: string): number {
  const port = Number(text)
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : fail(USAGE)
}

function onError(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
}

async function main(): Promise<void> {
  silenceConsole()
  const { addressing, port, controlPort } = options()
  const whatsapp = await SimulatedWhatsApp.start({ addressing, port, onError })
  const control = await ControlServer.start(whatsapp, { port: controlPort, onError })
  const end = (): void => void whatsapp.media.close().finally(() => process.exit(0))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  const ready = {
    whatsapp_url: whatsapp.url,
    control_url: control.url,
    root_key: whatsapp.rootKey.toString('base64'),
    ca_file: whatsapp.media.caFile,
  }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

await main()
