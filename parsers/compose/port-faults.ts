import { isUnknownWord, type Place } from '../text/source.ts'
import type { YamlMap, YamlNode } from '../yaml/yaml-node.ts'
import type { ComposeFault } from './compose.ts'
import { isTemplate } from './template.ts'
import { type FileContext, textOf, valueIn } from './values.ts'

/** Entries of `ports` and `expose` that are none. */
export function* portFaults(service: YamlMap, context: FileContext): Iterable<ComposeFault> {
  for (const item of itemsOf(service, 'ports')) {
    if (!isTemplate(item)) yield* refusedPort(item)
    else yield* addressForPort(item.at, textOf(item, context)?.text ?? '')
  }
  for (const item of itemsOf(service, 'expose')) {
    const text = item.kind === 'scalar' && !isTemplate(item) ? item.text.text : ''
    if (/^[\d.]+(?::\d+)+(?:\/\w+)?$/.test(text))
      yield {
        ...fault(item.at, `invalid port '${text}': \`expose\` has the port of the container alone`),
        meant: `"${text.slice(text.lastIndexOf(':') + 1)}"`,
        isOfSomeVersions: true,
      }
  }
}

function itemsOf(service: YamlMap, key: string): readonly YamlNode[] {
  const value = valueIn(service, key)
  return value?.kind === 'list' ? value.items : []
}

function fault(at: Place, said: string): ComposeFault {
  return { at, said, meant: null, home: null }
}

/** `[[address:]port:]port[/protocol]` with an address or a port that is none. */
function* refusedPort(item: YamlNode): Iterable<ComposeFault> {
  if (item.kind !== 'scalar') return
  const { text } = item.text
  const protocol = /\/([a-z]+)$/i.exec(text)?.[1]
  if (protocol !== undefined && !/^(?:tcp|udp|sctp)$/i.test(protocol))
    yield fault(item.at, `invalid proto: ${protocol}`)
  const plain = text.replace(/\/[a-z]+$/i, '')
  const parts = plain.split(':')
  const [address, ...ports] = parts.length === 3 ? parts : ['', ...parts]
  if (parts.length > 3 || !parts.every(part => /^[\w.-]*$/.test(part))) return
  if (address !== '' && address !== undefined && !isAddress(address))
    yield fault(item.at, `invalid IP address: ${address}`)
  const [container, host] = ports.reverse()
  if (container === '') yield fault(item.at, `no port specified: ${item.text.text}<empty>`)
  else if (isTooHigh(container)) yield fault(item.at, `invalid containerPort: ${container}`)
  else if (isTooHigh(host)) yield fault(item.at, `invalid hostPort: ${host}`)
  else if (!areOfOneLength(container, host))
    yield fault(item.at, `invalid ranges specified for container and host Ports: ${container} and ${host}`)
  yield* addressForPort(item.at, plain)
}

/** `127.0.0.1:80`: of two parts the first is a port of the host, whatever variable it comes from. */
function* addressForPort(at: Place, text: string): Iterable<ComposeFault> {
  if (isUnknownWord(text)) return
  const [, address, port] = /^(localhost|\d+(?:\.\d+){3}):(\d+(?:-\d+)?)(?:\/\w+)?$/.exec(text) ?? []
  if (address === undefined || port === undefined) return
  const host = address === 'localhost' ? '127.0.0.1' : address
  yield { ...fault(at, `invalid hostPort: ${address}`), meant: `"${host}:${port}:${port}"` }
}

/** Of a range in the container each port needs one of the host. */
function areOfOneLength(container = '', host = ''): boolean {
  const [first, last] = container.split('-').map(Number)
  const [low, high = low] = host.split('-').map(Number)
  if (first === undefined || last === undefined || low === undefined || high === undefined) return true
  return host === '' || ![first, last, low, high].every(Number.isInteger) || last - first === high - low
}

/** Go takes no number that begins with `0`, which C reads as an octal one. Of other words nobody knows what is meant. */
function isAddress(text: string): boolean {
  if (text === 'localhost') return false
  const numbers = text.split('.')
  if (!numbers.every(each => /^\d+$/.test(each))) return true
  return (
    numbers.length === 4 && numbers.every(each => /^(?:0|[1-9]\d{0,2})$/.test(each) && Number(each) < 256)
  )
}

function isTooHigh(port: string | undefined): boolean {
  return (port ?? '').split('-').some(each => /^\d+$/.test(each) && Number(each) > 65535)
}
