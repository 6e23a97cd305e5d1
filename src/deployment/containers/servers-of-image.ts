import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { claimsOf } from '../../files/claims.ts'
import type { FragmentSet } from '../../files/fragment-sets.ts'
import type { Program } from '../../files/program.ts'
import type { Repository } from '../../files/machine.ts'
import { brings } from './brought-files.ts'
import type { Container } from './container.ts'

/**
 * Sets of nginx and of Apache that one container brings, where its nginx proxies to a port that its Apache opens: they
 * are one machine, whatever other port both of them take.
 */
export function joinedByImage(
  sets: readonly FragmentSet[],
  { files, locate }: Pick<Repository, 'files' | 'locate'>,
  containers: () => readonly Container[],
): readonly FragmentSet[] {
  const nginx = sets.filter(set => set.apache.length === 0)
  const apache = sets.filter(set => set.nginx.length === 0)
  const [one] = nginx
  const [other] = apache
  // Of several of a kind, nobody knows which are read together.
  if (one === undefined || other === undefined || nginx.length > 1 || apache.length > 1) return sets
  const located = [...one.nginx, ...other.apache].map(locate)
  if (!leadsTo(files, pathsOf(one.nginx), pathsOf(other.apache))) return sets
  const isOne = containers().some(container =>
    located.every(path => path !== null && brings(container, path)),
  )
  if (!isOne) return sets
  const whole = { ...one, apache: other.apache, joint: one.joint && other.joint }
  return sets.flatMap(set => (set === one ? [whole] : set === other ? [] : [set]))

  function pathsOf(paths: readonly string[]): readonly string[] {
    return paths.flatMap(path => locate(path) ?? [])
  }
}

/** True where some line of nginx leads to a port of its own machine that Apache opens. */
function leadsTo(files: FileSystem, nginx: readonly string[], apache: readonly string[]): boolean {
  const opened = new Set(
    apache.flatMap(path => [...socketsOf(files, path, 'apache')].map(socket => socket.split(':').at(-1))),
  )
  return nginx.some(path => {
    const code = sourceAt(files, path)?.code ?? ''
    return [...code.matchAll(TO_LOOPBACK)].some(([, port]) => opened.has(port))
  })
}

const TO_LOOPBACK = /\b(?:proxy_pass\s+http:\/\/|server\s+)(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)/g

function socketsOf(files: FileSystem, path: string, program: Program): ReadonlySet<string> {
  const source = sourceAt(files, path)
  return source === null ? new Set() : claimsOf(source, program).sockets
}
