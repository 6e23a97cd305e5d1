import { ownTable } from '../text/own-table.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place } from '../text/source.ts'
import { factOf, placeOf, type WrittenText } from '../text/written-text.ts'
import type { Unit } from './read-unit.ts'
import { fillSpecifiers } from './unit-name.ts'
import { UnitSection } from './unit-values.ts'

/** What a `.socket` and its drop-ins say. Null where systemd's own default holds. */
export interface SocketUnit {
  readonly unit: Unit
  readonly listens: readonly SocketListen[]
  /** The service that takes the connections: `Service=`, else the one of its own name. */
  readonly service: Fact<string>
  /** True where each connection starts an instance of its own. */
  readonly accept: Fact<boolean> | null
  /** Owner, group and mode of a socket file: root, root and 0666 by default. */
  readonly user: Fact<string> | null
  readonly group: Fact<string> | null
  readonly mode: Fact<number> | null
  readonly directoryMode: Fact<number> | null
  /** `both`, `default`, `ipv6-only`. */
  readonly bindIpv6Only: Fact<string> | null
  /** Further paths that lead to the socket. */
  readonly symlinks: readonly Fact<string>[]
  readonly wantedBy: readonly Fact<string>[]
}

export interface SocketListen {
  readonly at: Place
  readonly kind: 'stream' | 'datagram' | 'sequential'
  readonly address: Fact<SocketAddress>
}

export type SocketAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** `host` is null for every address of both families. */
  | { readonly kind: 'ip'; readonly host: string | null; readonly port: number }
  | { readonly kind: 'other' }

const KINDS: Readonly<Record<string, SocketListen['kind']>> = ownTable({
  ListenStream: 'stream',
  ListenDatagram: 'datagram',
  ListenSequentialPacket: 'sequential',
})

export function readSocketUnit(unit: Unit): SocketUnit {
  const socket = new UnitSection(unit, 'Socket')
  const install = new UnitSection(unit, 'Install')
  return {
    unit,
    listens: Object.entries(KINDS).flatMap(([name, kind]) =>
      socket.all(name).map(({ written }) => {
        const address = fillSpecifiers(written, unit.name)
        return { at: placeOf(written), kind, address: addressOf(address) }
      }),
    ),
    service: socket.fact('Service') ?? known(ownService(unit)),
    accept: socket.boolean('Accept'),
    user: socket.fact('SocketUser'),
    group: socket.fact('SocketGroup'),
    mode: socket.mode('SocketMode'),
    directoryMode: socket.mode('DirectoryMode'),
    bindIpv6Only: socket.fact('BindIPv6Only'),
    symlinks: socket.facts('Symlinks'),
    wantedBy: ['WantedBy', 'RequiredBy'].flatMap(name => install.facts(name)),
  }
}

function ownService({ name: { full, suffix } }: Unit): string {
  return `${full.slice(0, full.length - suffix.length)}.service`
}

function addressOf(written: WrittenText): Fact<SocketAddress> {
  const fact = factOf(written)
  if (!fact.known) return fact
  const { value, at } = fact
  if (value.startsWith('/')) return known({ kind: 'unix', path: value }, at)
  if (value.startsWith('@') || value.startsWith('vsock:')) return known({ kind: 'other' }, at)
  const match = /^(?:\[([0-9a-fA-F:.]+)\](?:%\S+)?:|([0-9.]+):)?(\d{1,5})(?:%\S+)?$/.exec(value)
  if (match === null || Number(match[3]) > 65535) return unknown(`\`${value}\` is no address`, at)
  return known({ kind: 'ip', host: match[1] ?? match[2] ?? null, port: Number(match[3]) }, at)
}
