import { randomBytes } from 'node:crypto'

import { aesDecryptGCM, aesEncryptGCM, type BinaryNode, hkdf, proto } from 'baileys'

import { ProtocolError } from './errors.ts'
import { keyOf } from './media.ts'
import { child, childBytes, node, now, requireAttr, requireChild } from './nodes.ts'
import type { Source } from './routing.ts'
import type { SimulatedWhatsApp } from './server.ts'

const { ResultType } = proto.MediaRetryNotification
const LOST = '2'

/** A linked device found no file any more and asks its phone to store it once more. */
export function answerMediaRetry(whatsapp: SimulatedWhatsApp, { phone, device }: Source, receipt: BinaryNode): void {
  const id = requireAttr(receipt, 'id')
  const rmr = requireChild(receipt, 'rmr')
  const chat = whatsapp.chat(requireAttr(rmr, 'jid'))
  const mail = phone.history.find((one) => one.id === id && one.chat === chat)
  const keys = mail && keyOf(mail.message)
  const lost = whatsapp.faults.take('media_lost', phone.number)
  if (lost?.silent) return
  const stored = keys && !lost ? whatsapp.media.storeAgain(keys.fileEncSha256) : undefined
  const content =
    keys && stored ? [sealed(receipt, id, keys.mediaKey, stored.directPath)] : [node('error', { code: LOST })]
  device.deliver(
    node('notification', { from: phone.jid, type: 'mediaretry', id, t: now() }, [...content, node('rmr', rmr.attrs)]),
  )
}

function sealed(receipt: BinaryNode, id: string, mediaKey: Uint8Array, directPath: string): BinaryNode {
  const key = hkdf(Buffer.from(mediaKey), 32, { info: 'WhatsApp Media Retry Notification' })
  const asked = requireChild(receipt, 'encrypt')
  const question = aesDecryptGCM(childBytes(asked, 'enc_p'), key, childBytes(asked, 'enc_iv'), Buffer.from(id))
  if (proto.ServerErrorReceipt.decode(question).stanzaId !== id) throw new ProtocolError('a retry of another message')
  const answer = proto.MediaRetryNotification.encode({ stanzaId: id, directPath, result: ResultType.SUCCESS }).finish()
  const iv = randomBytes(12)
  const sealedAnswer = aesEncryptGCM(answer, key, iv, Buffer.from(id))
  return node('encrypt', {}, [node('enc_p', {}, sealedAnswer), node('enc_iv', {}, iv)])
}

/** Whether a receipt asks for that. */
export function isMediaRetry(receipt: BinaryNode): boolean {
  return receipt.attrs['type'] === 'server-error' && child(receipt, 'rmr') !== undefined
}
