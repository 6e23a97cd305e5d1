import { type Fact, known, unknown } from '../text/fact.ts'
import { isUnknownWord } from '../text/source.ts'
import { factOf, placeOf, sliceWritten, type WrittenText } from '../text/written-text.ts'
import type { YamlNode } from '../yaml/yaml-node.ts'
import type { ExposedPort, PublishedPort } from './compose.ts'
import { type FileContext, portRange, textOf, valueIn } from './values.ts'

const TCP = known('tcp')

/** `ports:`, items in the short and in the long form. */
export function readPorts(node: YamlNode | undefined, context: FileContext): readonly PublishedPort[] {
  const items = node?.kind === 'list' ? node.items : []
  return items.flatMap(item => {
    if (item.kind === 'map') {
      const target = textOf(valueIn(item, 'target'), context)
      if (target === null) return []
      const published = textOf(valueIn(item, 'published'), context)
      const hostIp = textOf(valueIn(item, 'host_ip'), context)
      const protocol = textOf(valueIn(item, 'protocol'), context)
      return [
        {
          at: item.at,
          hostIp: hostIp === null ? null : factOf(hostIp),
          published: published === null || published.text === '' ? null : portRange(published),
          target: portRange(target),
          protocol: protocol === null ? TCP : factOf(protocol),
        },
      ]
    }
    const text = textOf(item, context)
    return text === null ? [] : [readPort(text)]
  })
}

/** `[[host-ip:]published:]target[/protocol]`. */
function readPort(written: WrittenText): PublishedPort {
  const { before, protocol } = cutProtocol(written)
  const { text } = before
  const last = text.lastIndexOf(':')
  const target = portRange(sliceWritten(before, last + 1))
  const at = placeOf(written)
  if (last === -1) {
    // A variable alone may hold any of the three.
    const hidden = isUnknownWord(text) ? unknown('a variable or placeholder decides', at) : null
    return { at, hostIp: hidden, published: hidden, target, protocol }
  }
  // Compose refuses `127.0.0.1:80`; whoever writes it means the address.
  if (/^\d+(?:\.\d+){3}:\d+$/.test(text))
    return { at, hostIp: factOf(sliceWritten(before, 0, last)), published: null, target, protocol }
  const first = text.lastIndexOf(':', last - 1)
  const isOpen = last === 0 ? -1 : first
  const publishedText = sliceWritten(before, isOpen + 1, last)
  const published = publishedText.text === '' ? null : portRange(publishedText)
  const hostText = sliceWritten(before, 0, Math.max(isOpen, 0))
  const hidden = isOpen === -1 && isUnknownWord(publishedText.text)
  const hostIp =
    hostText.text === '' ? (hidden ? unknown('a variable may hold it', at) : null) : hostAddress(hostText)
  return { at, hostIp, published, target, protocol }
}

/** IPv6 addresses may stand in brackets. */
function hostAddress(written: WrittenText): Fact<string> {
  const { text } = written
  const isBracketed = text.startsWith('[') && text.endsWith(']')
  return factOf(isBracketed ? sliceWritten(written, 1, text.length - 1) : written)
}

function cutProtocol(written: WrittenText): { before: WrittenText; protocol: Fact<string> } {
  const slash = written.text.lastIndexOf('/')
  if (slash === -1) return { before: written, protocol: TCP }
  return { before: sliceWritten(written, 0, slash), protocol: factOf(sliceWritten(written, slash + 1)) }
}

export function readExpose(node: YamlNode | undefined, context: FileContext): readonly ExposedPort[] {
  const items = node?.kind === 'list' ? node.items : []
  return items.flatMap(item => {
    const text = textOf(item, context)
    if (text === null) return []
    const { before, protocol } = cutProtocol(text)
    return [{ at: placeOf(text), port: portRange(before), protocol }]
  })
}
