import { memo } from '../../../parsers/collections/memo.ts'
import { cleanPath } from '../../../parsers/text/clean-path.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { placeAcross, type WrittenText } from '../../../parsers/text/written-text.ts'
import { bringing } from './bringing.ts'
import { deployScripts } from './deploy-scripts.ts'
import { followedCommands } from './followed-commands.ts'
import { isHarmless, isPreparing } from './preparing-commands.ts'
import { isYaml } from './setup-commands.ts'

/** A directory of the server whose files a deploy replaces, by a script after which nothing loads them. */
export interface UpdatedCheckout {
  /** Absolute; with `~` in front where the script leaves the home directory to the shell. */
  readonly path: string
  /** The command that brings the new files. */
  readonly at: Place
  /** True where files that have not changed get another time, which mod_wsgi looks at. */
  readonly renewsTimes: boolean
}

/**
 * The directories that the texts which deploy update in place, where every command behind that is one which loads
 * nothing: packages are installed, tables migrated, files collected, and the script ends.
 */
export const updatedCheckouts = memo((texts: readonly Source[]): readonly UpdatedCheckout[] => {
  const found = texts.flatMap(source =>
    BRINGS.test(source.text) && !LOADS.test(source.text)
      ? deployScripts(source).flatMap(scripts => updatedBy(scripts, isYaml(source)))
      : [],
  )
  return found.length === 0 || texts.some(loadsLater) ? [] : found
})

const BRINGS = /\bgit\b[^\n]*\b(?:pull|reset|checkout)\b|\brsync\b/

/** A word of what may load the new code, wherever it stands, in a comment too. */
const LOADS =
  /re-?start|reload|touch|systemctl|\bservice\b|supervisor|\bs?kill(?:all)?\b|\bHUP\b|docker|podman|kube|helm|pm2|ansible|monit\b|circus|init\.d|apache2?ctl|passenger|reboot|deploy-hook|post_deploy/i

/** Scripts that set a machine up, and are run once. */
const ONCE = /(?:^|\/)(?:Vagrantfile|[^/]*(?:install|setup|provision|bootstrap|user[_-]?data|init)[^/]*)$/i

/** What a machine or a service of git runs by itself, or somebody by hand: it may load what another text brings. */
export function loadsLater({ path, text }: Source): boolean {
  if (ONCE.test(path) || /\.service(?:\.\w+)?$|\.tf$|\.conf$/.test(path)) return false
  if (/(?:^|\/)(?:Dockerfile[^/]*|[^/]*compose[^/]*\.ya?ml)$/.test(path)) return false
  return /re-?start(?!:)|reload|\btouch\b|\bHUP\b|PathModified|PathChanged/i.test(text)
}

/** What scripts update, where they go on with what prepares the application, and with nothing else. */
function updatedBy(scripts: readonly WrittenText[], isJob: boolean): readonly UpdatedCheckout[] {
  let found: UpdatedCheckout | null = null
  let prepares = false
  for (const command of followedCommands(scripts)) {
    const brings = bringing(command)
    if (brings !== null) {
      if (brings.directory === null) continue
      const path = writtenPath(brings.directory)
      if (path === null) return []
      // A job of a runner has checked out all files just now, and rsync keeps their times.
      const renewsTimes = isJob && brings.verb.text === 'rsync'
      found = { path, at: placeAcross(command.first, brings.verb), renewsTimes }
    } else if (isPreparing(command)) prepares ||= found !== null
    else if (!isHarmless(command)) return []
  }
  return found === null || !prepares ? [] : [found]
}

/** A clean path; null where a part of it is not written out. */
export function writtenPath(written: string): string | null {
  if (!/^~?\/[\w./@+-]+$/.test(written)) return null
  return written.startsWith('~') ? `~${cleanPath(written.slice(1))}` : cleanPath(written)
}

/** True where a path lies in a checkout; the home of an account stands for `~`. */
export function liesIn(path: string, checkout: string): boolean {
  if (!checkout.startsWith('~')) return isBelow(path, checkout)
  const [home] = /^(?:\/home\/[^/]+|\/root)(?=\/)/.exec(path) ?? []
  return home !== undefined && isBelow(path.slice(home.length), checkout.slice(1))
}
