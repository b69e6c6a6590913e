// Plays the phones of the simulator. Whatever comes from WhatsApp is set as text, never as markup.
/* oxlint-disable typescript/no-unsafe-argument, typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-return -- plain JavaScript, run by the browser as it is: nothing here has a type */
const $ = (id) => document.getElementById(id)
const query = new URLSearchParams(location.search)
const camera = query.get('camera')
const written = []
let phones = []
let groups = []
let inbox = []

const make = (tag, text = '', props = {}) => Object.assign(document.createElement(tag), { textContent: text }, props)
const own = () => phones.find(({ number }) => number === $('phone').value)
const nameOf = (id) =>
  phones.find(({ number }) => number === id)?.name ?? groups.find((group) => group.id === id)?.subject ?? id

async function call(verb, args = {}) {
  const response = await fetch(`/${verb}`, { method: 'POST', body: JSON.stringify(args) })
  const result = await response.json()
  if (!response.ok) throw new Error(result.error)
  return result
}

function notice(text, bad = false) {
  $('notice').textContent = text
  $('notice').classList.toggle('bad', bad)
}

/** Runs what a button does; what goes wrong is told. */
async function act(button, work) {
  button.disabled = true
  try {
    notice(await work())
  } catch (error) {
    notice(error.message, true)
  } finally {
    button.disabled = false
  }
}

function fill(select, entries) {
  const before = select.value
  select.replaceChildren(...entries.map(([value, text]) => make('option', text, { value })))
  if (entries.some(([value]) => value === before)) select.value = before
}

function show(list, items, empty) {
  list.replaceChildren(...(items.length > 0 ? items : [make('li', empty, { className: 'empty' })]))
}

function optionButton(message, option) {
  const chosen = message.chosen.includes(option)
  const button = make('button', option, { type: 'button', ariaPressed: String(chosen) })
  button.addEventListener('click', () =>
    act(button, async () => {
      const kept = message.selectable === 1 ? [] : message.chosen
      const options = chosen ? message.chosen.filter((one) => one !== option) : [...kept, option]
      await call('phone.vote', { number: own().number, poll: message.id, options })
      return chosen ? 'Vote withdrawn.' : 'Voted.'
    }),
  )
  return button
}

/** What a message says, in one line. */
function wordsOf({ kind, text, emoji, location, contacts, seconds, media }) {
  switch (kind) {
    case 'reaction':
      return emoji === '' ? 'Took a reaction back' : `Reacted: ${emoji}`
    case 'edit':
      return `Edited: ${text ?? ''}`
    case 'delete':
      return 'Deleted a message'
    case 'location':
      return `Location: ${location.name || `${location.latitude}, ${location.longitude}`}`
    case 'contact':
      return `Contact: ${contacts.map(({ name }) => name).join(', ')}`
    case 'pin':
    case 'unpin':
      return kind === 'pin' ? 'Pinned a message' : 'Took a pinned message down'
    case 'disappearing':
      return seconds > 0 ? 'Messages disappear from now on' : 'Messages stay from now on'
    default:
      return [media && `[${media.kind}]`, text].filter(Boolean).join(' ') || 'A message this page cannot show.'
  }
}

function messageItem(message) {
  const item = make('li', '', { className: message.mine ? 'mine' : '' })
  const where = message.mine ? message.to : message.chat === message.from ? undefined : message.chat
  const who = message.mine ? 'You' : message.from === own().number ? 'Your linked device' : nameOf(message.from)
  item.append(make('small', where === undefined ? who : `${who} → ${nameOf(where)}`))
  if (message.kind === 'poll') {
    const options = make('div', '', { className: 'options' })
    options.append(...message.options.map((option) => optionButton(message, option)))
    item.append(make('span', message.question), options)
  } else if (message.kind === 'vote') {
    item.append(make('span', message.options.length > 0 ? `Voted: ${message.options.join(', ')}` : 'Withdrew the vote'))
  } else {
    item.append(make('span', wordsOf(message)))
  }
  return item
}

function deviceItem({ id, connected }) {
  const item = make('li', '', { className: 'row' })
  const button = make('button', 'Unlink', { type: 'button' })
  button.addEventListener('click', () =>
    act(button, async () => {
      await call('phone.unlink', { number: own().number, device: id })
      return 'Unlinked.'
    }),
  )
  item.append(make('span', `Home Assistant, ${connected ? 'connected' : 'not connected'}`), button)
  return item
}

function render() {
  const me = own()
  const linkedFirst = phones.toSorted((a, b) => b.devices.length - a.devices.length)
  const mine = groups.filter(({ members }) => members.includes(me.number))
  const people = linkedFirst.filter((one) => one !== me).map((one) => [one.number, `${one.name}, +${one.number}`])
  fill($('to'), [...people, ...mine.map(({ id, subject }) => [id, subject]), [me.number, 'Yourself']])
  const sent = written.filter(({ from }) => from === me.number)
  const all = [...inbox, ...sent].toSorted((a, b) => a.timestamp - b.timestamp)
  show($('messages'), all.map(messageItem), 'Nothing yet.')
  $('messages').scrollTop = $('messages').scrollHeight
  show($('devices'), me.devices.map(deviceItem), 'None. Scan a QR code to link one.')
}

let shown = ''
async function refresh() {
  phones = (await call('phone.list')).phones
  groups = (await call('group.list')).groups
  fill(
    $('phone'),
    phones.map(({ number, name }) => [number, `${name}, +${number}`]),
  )
  if (!own()) return notice('There is no phone yet.')
  inbox = (await call('phone.inbox', { number: own().number })).messages
  const state = JSON.stringify([$('phone').value, phones, groups, inbox, written.length])
  if (state !== shown) render()
  shown = state
}

/** One refresh after the other. */
let last = Promise.resolve()
function update() {
  last = last.then(refresh).catch((/** @type {unknown} */ error) => notice(error.message, true))
  return last
}

async function link(text) {
  const isCode = !text.includes(',')
  const [verb, args] = isCode ? ['phone.enter_code', { code: text }] : ['phone.scan', { qr: text }]
  await call(verb, { number: own().number, ...args })
  return 'Linked. The device logs in now.'
}

async function lookThroughCamera() {
  const response = await fetch(camera).catch(() => undefined)
  if (!response) throw new Error('The camera cannot be reached.')
  const { qr, error } = await response.json()
  if (!qr) throw new Error(error ?? 'No code is shown in Home Assistant now.')
  return link(qr)
}

const submit = (form, work) =>
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void act(event.submitter ?? form.querySelector('button'), work)
  })
submit($('write'), async () => {
  const from = own().number
  const [to, text] = [$('to').value, $('text').value]
  await call('phone.say', { number: from, to, text })
  written.push({ mine: true, from, to, text, timestamp: Math.floor(Date.now() / 1000) })
  $('text').value = ''
  await refresh()
  return 'Sent.'
})
submit($('link'), async () => {
  const said = await link($('code').value)
  $('code').value = ''
  return said
})
$('camera').hidden = !camera
$('camera').addEventListener('click', () => void act($('camera'), lookThroughCamera))
$('phone').addEventListener('change', () => {
  // The first choice is whoever has Home Assistant linked.
  $('to').replaceChildren()
  notice('')
  void update()
})

await refresh()
if (query.has('phone')) $('phone').value = query.get('phone')
const events = new EventSource('/events')
events.addEventListener('message', () => void update())
events.addEventListener('error', () => notice('The simulator does not answer.', true))
