import { generate } from 'selfsigned'

const DAY_MS = 86_400_000

export interface Certificate {
  key: string
  /** Signed by itself: the server's, and what clients must trust. */
  cert: string
}

let made: Promise<Certificate> | undefined

/** A certificate for this machine's loopback; one a process, so that a process which trusts it trusts all its simulators. */
export function certificate(): Promise<Certificate> {
  made ??= make()
  return made
}

async function make(): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Simulated WhatsApp' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  })
  return { key, cert }
}
