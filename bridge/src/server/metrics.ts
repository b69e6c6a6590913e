import type { AccountHealth } from '../protocol.ts'
import type { ServerContext } from './context.ts'
import { replyText, type Route } from './route.ts'

/** The text format of Prometheus, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
const TYPE = 'text/plain; version=0.0.4; charset=utf-8'

interface Metric {
  name: string
  type: 'counter' | 'gauge'
  help: string
  /** By account id; of the whole bridge without one. */
  values: [account: string | undefined, value: number | null][]
}

/** What the bridge counts, for Prometheus. */
export function metricsRoute(context: ServerContext): Route {
  return {
    method: 'GET',
    path: /^\/metrics$/u,
    access: 'token',
    answer: (_request, response) => replyText(response, 200, TYPE, metrics(context).map(render).join('')),
  }
}

function metrics(context: ServerContext): Metric[] {
  const { accounts } = context
  const health = accounts.health()
  const account = (
    name: string,
    type: Metric['type'],
    help: string,
    value: (of: AccountHealth) => number | null,
  ): Metric => ({
    name: `whatsapp_account_${name}`,
    type,
    help,
    values: health.map((each) => [each.account_id, value(each)]),
  })
  return [
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', process.memoryUsage.rss()),
    gauge('whatsapp_bridge_uptime_seconds', 'Seconds since the bridge started.', process.uptime()),
    gauge(
      'whatsapp_bridge_storage_ok',
      '1 while the bridge can keep what it is given.',
      Number(accounts.storage() === 'ok'),
    ),
    gauge('whatsapp_bridge_clients', 'Clients that are connected.', context.clients()),
    gauge('whatsapp_bridge_accounts', 'Accounts that the bridge knows.', health.length),
    account('connected', 'gauge', '1 while logged in to WhatsApp.', (of) =>
      Number(of.connection.status === 'connected'),
    ),
    account('queued_messages', 'gauge', 'Messages that wait to be sent.', (of) => of.queued),
    account('journal_events', 'gauge', 'Events that are kept for consumers.', (of) => of.journal),
    account('journal_lag_events', 'gauge', 'Events that the slowest consumer has not handled.', (of) => of.lag),
    account('reconnects_total', 'counter', 'Connections to WhatsApp after the first.', (of) => of.reconnects),
    account('sent_messages_total', 'counter', 'Messages that WhatsApp has confirmed.', (of) => of.sent),
    account('failed_messages_total', 'counter', 'Messages that could not be sent.', (of) => of.failed),
    account('received_messages_total', 'counter', 'Messages that came in.', (of) => of.received),
    account('last_sent_timestamp_seconds', 'gauge', 'When WhatsApp last confirmed a message.', (of) => of.last_sent_at),
    account('last_received_timestamp_seconds', 'gauge', 'When a message last came in.', (of) => of.last_received_at),
  ]
}

function gauge(name: string, help: string, value: number): Metric {
  return { name, type: 'gauge', help, values: [[undefined, value]] }
}

function render({ name, type, help, values }: Metric): string {
  const lines = values.filter(([, value]) => value !== null)
  const texts = lines.map(
    ([account, value]) => `${name}${account === undefined ? '' : `{account_id="${account}"}`} ${value}\n`,
  )
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${texts.join('')}`
}
