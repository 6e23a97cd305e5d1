import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Connection, Deployment, Machine } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** What Ghost does where its own `url` begins with `https:` and nothing tells it that the client came so. */
export const GHOST = { name: 'Ghost', does: 'redirects https to https for ever' } as const

/** The `url` of a Ghost that a unit starts and a connection leads to; null where it is none of https. */
export function ghostBehind(deployment: Deployment, { targets }: Pick<Connection, 'targets'>): Place | null {
  for (const { machine, port } of targets) {
    const at = machine == null || port === null ? null : ghosts(deployment).get(machine)?.get(port)
    if (at != null) return at
  }
  return null
}

const URL_OF_TLS = /"url"\s*:\s*"(https:[^"\s]*)"/
const PORT = /"server"\s*:\s*\{[^{}]*"port"\s*:\s*"?(\d{1,5})\b/

/** As Ghost-CLI starts it: `node /usr/bin/ghost run`, in the directory of its configuration. */
const ghosts = memo((deployment: Deployment): ReadonlyMap<Machine, ReadonlyMap<number, Place>> => {
  const found = new Map<Machine, Map<number, Place>>()
  for (const { machine, words, directory, environment } of deployment.commands) {
    const isGhost = words.slice(0, 2).some(({ text }) => posix.basename(text) === 'ghost')
    if (!isGhost || directory?.known !== true || environment('url') !== null) continue
    const source = sourceAt(machine.files, posix.join(directory.value, 'config.production.json'))
    const match = source === null ? null : URL_OF_TLS.exec(source.code)
    if (source === null || match === null) continue
    const ports = found.get(machine) ?? new Map<number, Place>()
    found.set(machine, ports)
    const end = match.index + match[0].length - 1
    ports.set(Number(PORT.exec(source.code)?.[1] ?? 2368), {
      source,
      start: end - (match[1] ?? '').length,
      end,
    })
  }
  return found
})
