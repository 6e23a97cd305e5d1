import { type Fact, known, unknown } from '../text/fact.ts'
import { factOf, sliceWritten, type WrittenText } from '../text/written-text.ts'
import type { AppAddress } from './app-server.ts'

/** A port and what stands before it: `host:port`, `[::1]:port`, `:port`, `host`. */
export function hostAndPort(text: string, defaultPort: number | null): AppAddress | null {
  const match = /^(?:\[([^\]]*)\]|([^:[\]/]*))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return null
  const port = match[3] === undefined ? defaultPort : Number(match[3])
  if (port === null || port > 65535) return null
  return { kind: 'ip', host: match[1] ?? match[2] ?? '', port }
}

/** A relative socket path belongs to the directory in which the program runs. */
export function socketPath(written: WrittenText, directory: Fact<string> | null): Fact<AppAddress> {
  return addressOf(written, text => {
    if (text === '') return null
    if (text.startsWith('/')) return { kind: 'unix', path: text }
    if (directory?.known !== true) return null
    return { kind: 'unix', path: `${directory.value.replace(/\/$/, '')}/${text.replace(/^\.\//, '')}` }
  })
}

export function addressOf(written: WrittenText, read: (text: string) => AppAddress | null): Fact<AppAddress> {
  const fact = factOf(written)
  if (!fact.known) return fact
  const address = read(fact.value)
  return address === null ? unknown(`\`${fact.value}\` is no address`, fact.at) : known(address, fact.at)
}

/** `unix:/path`, `unix://path`, `fd://3`, `tcp://host:port`, `host:port`, as gunicorn and hypercorn have them. */
export function bindAddress(
  written: WrittenText,
  directory: Fact<string> | null,
  defaultPort: number,
): Fact<AppAddress> {
  const { text } = written
  const unix = /^unix:(?:\/\/)?/.exec(text)
  if (unix !== null) return socketPath(sliceWritten(written, unix[0].length), directory)
  const descriptor = /^fd:\/\//.exec(text)
  if (descriptor !== null)
    return addressOf(written, each => {
      const number = /^fd:\/\/(\d{1,4})$/.exec(each)?.[1]
      return number === undefined ? null : { kind: 'inherited', descriptor: Number(number) }
    })
  const rest = text.startsWith('tcp://') ? sliceWritten(written, 'tcp://'.length) : written
  return addressOf(rest, each => {
    const address = hostAndPort(each, defaultPort)
    // Nothing before the port is every address.
    return address?.kind === 'ip' && address.host === '' ? { ...address, host: '0.0.0.0' } : address
  })
}
