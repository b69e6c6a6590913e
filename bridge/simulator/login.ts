import type { Connection } from './connection.ts'
import type { Device } from './device.ts'
import { streamError } from './disconnects.ts'
import { node, now, SERVER } from './nodes.ts'

/** Greets a device that logged in: success, then everything kept for it. An earlier connection of it is replaced. */
export function welcome(device: Device, connection: Connection, name: string): void {
  device.connection?.finish([streamError({}, node('conflict', { type: 'replaced' }))])
  device.attach(connection)
  connection.send(
    node('success', { t: now(), lid: device.address, display_name: name, location: 'sim', creation: now() }),
  )
  const kept = device.kept()
  const count = (tag: string) => String(kept.filter((stanza) => stanza.tag === tag).length)
  const counts = {
    message: count('message'),
    receipt: count('receipt'),
    notification: count('notification'),
    appdata: '0',
  }
  connection.send(node('ib', { from: SERVER }, [node('offline_preview', { count: String(kept.length), ...counts })]))
  for (const stanza of kept) connection.send(stanza)
  connection.send(node('ib', { from: SERVER }, [node('offline', { count: String(kept.length) })]))
}
