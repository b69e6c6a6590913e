import { proto } from 'baileys'

import type { Device } from './device.ts'
import { messageInfo } from './history.ts'
import type { Phone } from './phone.ts'
import type { SimulatedWhatsApp } from './server.ts'

const { PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE } = proto.Message.ProtocolMessage.Type
const { PLACEHOLDER_MESSAGE_RESEND } = proto.Message.PeerDataOperationRequestType

/** A linked device asks its own phone for messages that it could not read. `id` is the request's. */
export async function answerPlaceholders(
  whatsapp: SimulatedWhatsApp,
  phone: Phone,
  device: Device,
  id: string,
  message: proto.IMessage,
): Promise<void> {
  const { protocolMessage } = message.deviceSentMessage?.message ?? message
  const request = protocolMessage?.peerDataOperationRequestMessage
  if (request?.peerDataOperationRequestType !== PLACEHOLDER_MESSAGE_RESEND) return
  const asked = (request.placeholderMessageResendRequest ?? []).map(({ messageKey }) => messageKey?.id ?? '')
  device.placeholdersAsked.push(...asked)
  whatsapp.activity.changed()
  if (whatsapp.faults.take('no_answer', phone.number, ({ to }) => to === 'placeholder')) return
  const found = phone.history.filter((mail) => asked.includes(mail.id))
  await phone.sendToOwn(device, {
    protocolMessage: {
      type: PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        peerDataOperationRequestType: PLACEHOLDER_MESSAGE_RESEND,
        stanzaId: id,
        peerDataOperationResult: found.map((mail) => ({
          placeholderMessageResendResponse: {
            webMessageInfoBytes: proto.WebMessageInfo.encode(messageInfo(whatsapp, phone, mail)).finish(),
          },
        })),
      },
    },
  })
}
