import { posix } from 'node:path'
import { isUnknownWord } from '../../../parsers/text/source.ts'
import type { FollowedCommand } from './followed-commands.ts'

/**
 * The units and the programs of supervisord that a command starts anew, as they are written, without `.service`; empty
 * for what looks at them alone. Null for another command, and where nobody knows which they are.
 */
export function restartedServices({ words }: Pick<FollowedCommand, 'words'>): readonly string[] | null {
  const [program, ...args] = words.map(({ text }) => text)
  const given = args.filter(text => !text.startsWith('-'))
  const name = posix.basename(program ?? '')
  if (name === 'systemctl') return named(given[0], given.slice(1))
  if (name === 'supervisorctl') return given[0] === 'reload' ? null : named(given[0], given.slice(1))
  return name === 'service' ? named(given[1], given.slice(0, 1)) : null
}

const STARTS = /^(?:re-?start|start|reload|(?:try-|force-)?(?:reload|restart)(?:-or-(?:re)?(?:start|load))?)$/
const LOOKS = /^(?:daemon-reload|enable|status|is-active|is-enabled|show|stop|reread|update|avail)$/

function named(verb: string | undefined, names: readonly string[]): readonly string[] | null {
  if (LOOKS.test(verb ?? '')) return []
  const isPlain =
    names.length > 0 && names.every(name => !isUnknownWord(name) && !/[*?[$]|^all$|\.target$/.test(name))
  return STARTS.test(verb ?? '') && isPlain ? names.map(plainName) : null
}

/** `shop-worker` of `shop-worker.service`, and of the group `shop-worker:` or a process of it. */
export const plainName = (name: string): string => name.replace(/\.service$|:.*$/, '')
